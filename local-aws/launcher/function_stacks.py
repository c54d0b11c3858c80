"""What AWS::Lambda::Function lacks in ministack's CloudFormation, and the capabilities a template demands."""

from __future__ import annotations

from typing import Any


def install() -> None:
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import handlers, provisioners

    # Templates with IAM resources demand CAPABILITY_IAM, whether or not requests are authorized.
    handlers._capabilities_enforced = lambda: True
    _refuse_missing_code(lambda_svc)
    function = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update, delete = function["create"], function["update"], function["delete"]

    def apply(name: str, properties: dict[str, Any]) -> None:
        record = lambda_svc._functions[name]
        reserved = properties.get("ReservedConcurrentExecutions")
        record["concurrency"] = int(reserved) if reserved is not None else None
        if properties.get("DeadLetterConfig"):
            record["config"]["DeadLetterConfig"] = properties["DeadLetterConfig"]
        else:
            record["config"].pop("DeadLetterConfig", None)

    def create_function(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        result = create(logical_id, properties, stack_name)
        apply(result[0], properties)
        return result

    def update_function(physical_id: str, old: dict[str, Any], new: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        result = update(physical_id, old, new, *arguments, **named)
        apply(result[0], new)
        return result

    def delete_function(physical_id: str, properties: dict[str, Any]) -> None:
        # The process of a deleted function must not wait for events any longer.
        lambda_svc.invalidate_worker(physical_id, account=lambda_svc.get_account_id(), region=lambda_svc.get_region())
        delete(physical_id, properties)

    function.update({"create": create_function, "update": update_function, "delete": delete_function})


def _refuse_missing_code(lambda_svc: Any) -> None:
    """Code that is not in the bucket is an error; ministack makes a function that answers with a constant."""
    from ministack.services import s3

    fetch, create, update = lambda_svc._fetch_code_from_s3, lambda_svc._create_function, lambda_svc._update_code

    def problem(bucket: str, key: str, version_id: str | None = None) -> str | None:
        if fetch(bucket, key, version_id=version_id) is not None:
            return None
        code = "NoSuchKey" if s3._bucket_owner_account(bucket) else "NoSuchBucket"
        text = "The specified key does not exist." if code == "NoSuchKey" else "The specified bucket does not exist"
        return f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {text}"

    def fetch_or_fail(bucket: str, key: str, version_id: str | None = None) -> bytes:
        found = problem(bucket, key, version_id)
        if found is not None:
            # Only CloudFormation gets this far: the operations below answer before.
            raise ValueError(found)
        code: bytes = fetch(bucket, key, version_id=version_id)
        return code

    def refusal(code: dict[str, Any]) -> Any:
        if not code.get("S3Bucket") or not code.get("S3Key") or lambda_svc.s3_code_region_message(code["S3Bucket"]):
            return None
        found = problem(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
        return lambda_svc.error_response_json("InvalidParameterValueException", found, 400) if found else None

    def create_function(data: dict[str, Any]) -> Any:
        return refusal(data.get("Code") or {}) or create(data)

    def update_code(name: str, data: dict[str, Any]) -> Any:
        return refusal(data) or update(name, data)

    lambda_svc._fetch_code_from_s3 = fetch_or_fail
    lambda_svc._create_function = create_function
    lambda_svc._update_code = update_code
