"""aws:PrincipalArn names the role and not its session (IAM User Guide, "AWS global condition context keys")."""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.core import iam_evaluator
    from ministack.services import iam

    resolve = iam_evaluator._resolve_condition_key

    def resolve_with_role(key: str, ctx: Any) -> Any:
        value = resolve(key, ctx)
        if key.lower() != "aws:principalarn" or not isinstance(value, str) or ":assumed-role/" not in value:
            return value
        _, partition, _, _, account, resource = value.split(":", 5)
        name = resource.split("/")[1]
        # The role's own, which has its path.
        role = iam._roles.get_scoped(account, None, name)
        return role["Arn"] if role else f"arn:{partition}:iam::{account}:role/{name}"

    iam_evaluator._resolve_condition_key = resolve_with_role
