"""The roles of targets in other accounts: what their owners have to set up."""

from __future__ import annotations

import json
from typing import Any

from .. import report
from . import permissions
from .plan import Plan


def tell(plan: Plan, account: str) -> None:
    """Reminds of the roles that somebody else has to make."""
    for role in plan.roles:
        report.detail(f"role {role} must let the functions in; ./deploy.sh sync --policies prints what it needs")


def print_policies(plan: Plan, account: str) -> None:
    """For each role of a target the policies that its account needs, ready to be used."""
    if not plan.roles:
        print("No mapping names a role: the functions' own roles write everywhere, and deploy.sh makes those.")
        print("Targets in another account need one: a role there, named by its ARN in \"role\" of the target.")
    for role in plan.roles:
        name = role.rpartition("/")[2]
        print(f"Role {role}, in account {role.split(':')[4]}.\n")
        _print("Who may assume it (trust policy):", permissions.trust(plan, role, account))
        _print("What it may do (permissions policy):", permissions.document(permissions.of_target_role(plan, role)))
        print(f"  aws iam create-role --role-name {name} --assume-role-policy-document file://trust.json")
        print(f"  aws iam put-role-policy --role-name {name} --policy-name sync --policy-document file://permissions.json\n")
        for bucket in dict.fromkeys(mapping.source.bucket for mapping in plan.buckets if mapping.role == role):
            mappings = [mapping for mapping in plan.buckets if mapping.role == role and mapping.source.bucket == bucket]
            _print(f"Add to the policy of bucket {bucket}, so that S3 copies by itself; without it all bytes go through the"
                   " function:",
                   [statement for mapping in mappings for statement in permissions.source_bucket(mapping)])
    if plan.roles:
        print("Targets that are encrypted with a customer managed KMS key: allow the role kms:Decrypt and"
              " kms:GenerateDataKey on it; the source's key needs kms:Decrypt.")


def _print(title: str, value: Any) -> None:
    print(f"{title}\n{json.dumps(value, indent=2)}\n")
