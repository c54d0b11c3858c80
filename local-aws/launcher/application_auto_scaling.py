"""Application Auto Scaling, which ministack lacks: targets and policies are kept and shown, nothing scales."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

#: Account and region, then service namespace, resource and dimension.
_TargetKey = tuple[str, str, str, str, str]
_TARGET_MEMBERS = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN")
_POLICY_MEMBERS = (
    "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyType",
    "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration",
)  # fmt: skip

TARGET_PREFIX = "AnyScaleFrontendService."


class ApplicationAutoScaling:
    """The six operations a table's settings are saved and restored with."""

    def __init__(self) -> None:
        self._targets: dict[_TargetKey, dict[str, Any]] = {}
        self._policies: dict[tuple[_TargetKey, str], dict[str, Any]] = {}

    def answer(self, operation: str, body: bytes, account: str, region: str) -> tuple[int, bytes]:
        """Status and body of the answer to one call."""
        data = json.loads(body or b"{}")
        key = (
            account,
            region,
            data.get("ServiceNamespace", ""),
            data.get("ResourceId", ""),
            data.get("ScalableDimension", ""),
        )
        match operation:
            case "RegisterScalableTarget":
                return self._register(key, data)
            case "DeregisterScalableTarget" if key in self._targets:
                del self._targets[key]
                self._policies = {name: policy for name, policy in self._policies.items() if name[0] != key}
                return 200, b"{}"
            case "DescribeScalableTargets":
                wanted = data.get("ResourceIds")
                found = [
                    target
                    for target_key, target in self._targets.items()
                    if target_key[:3] == key[:3]
                    and (not wanted or target_key[3] in wanted)
                    and key[4] in ("", target_key[4])
                ]
                return 200, json.dumps({"ScalableTargets": found}).encode()
            case "PutScalingPolicy" if key in self._targets:
                return self._put_policy(key, data)
            case "DescribeScalingPolicies":
                names = data.get("PolicyNames")
                policies = [
                    policy
                    for (target_key, name), policy in self._policies.items()
                    if target_key[:3] == key[:3]
                    and key[3] in ("", target_key[3])
                    and key[4] in ("", target_key[4])
                    and (not names or name in names)
                ]
                return 200, json.dumps({"ScalingPolicies": policies}).encode()
            case "DeleteScalingPolicy" if (key, data.get("PolicyName", "")) in self._policies:
                del self._policies[(key, data["PolicyName"])]
                return 200, b"{}"
            case "DeregisterScalableTarget" | "PutScalingPolicy" | "DeleteScalingPolicy":
                return _error("ObjectNotFoundException", f"No scalable target or policy found for {key[2:]}")
            case _:
                return _error("UnknownOperationException", f"The local AWS does not know {operation}")

    def _register(self, key: _TargetKey, data: dict[str, Any]) -> tuple[int, bytes]:
        if not all(key):
            return _error("ValidationException", "ServiceNamespace, ResourceId and ScalableDimension are required")
        target = self._targets.setdefault(
            key,
            {
                "ScalableTargetARN": f"arn:aws:application-autoscaling:{key[1]}:{key[0]}:"
                f"scalable-target/{uuid.uuid4().hex}",
                "CreationTime": round(time.time(), 3),
                "RoleARN": f"arn:aws:iam::{key[0]}:role/aws-service-role/dynamodb.application-autoscaling."
                "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable",
                "SuspendedState": {
                    "DynamicScalingInSuspended": False,
                    "DynamicScalingOutSuspended": False,
                    "ScheduledScalingSuspended": False,
                },
            },
        )
        target.update({name: data[name] for name in _TARGET_MEMBERS if name in data})
        return 200, json.dumps({"ScalableTargetARN": target["ScalableTargetARN"]}).encode()

    def _put_policy(self, key: _TargetKey, data: dict[str, Any]) -> tuple[int, bytes]:
        policy = self._policies.setdefault(
            (key, data["PolicyName"]),
            {
                "PolicyARN": f"arn:aws:autoscaling:{key[1]}:{key[0]}:scalingPolicy:{uuid.uuid4()}:resource/"
                f"{key[2]}/{key[3]}:policyName/{data['PolicyName']}",
                "CreationTime": round(time.time(), 3),
                "Alarms": [],
            },
        )
        policy.update({name: data[name] for name in _POLICY_MEMBERS if name in data})
        return 200, json.dumps({"PolicyARN": policy["PolicyARN"], "Alarms": []}).encode()


def _error(code: str, message: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": code, "message": message}).encode()
