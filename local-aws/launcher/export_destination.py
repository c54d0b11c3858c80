"""The bucket an export writes to: found in any region and account, and written with the caller's permissions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree


class ExportFailure(Exception):
    """Why a running export ends as FAILED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Caller:
    """Who started the export; DynamoDB writes with this principal's permissions (AWS facts 1.8)."""

    access_key_id: str
    account_id: str


class ExportDestination:
    """Puts the export's objects through ministack's S3, so that versioning, encryption and events take place."""

    def __init__(self, description: dict[str, Any], caller: Caller, authorize: bool) -> None:
        from ministack.services import s3

        self._s3 = s3
        self._bucket: str = description["S3Bucket"]
        self._expected_owner: str | None = description.get("S3BucketOwner")
        self._caller = caller
        self._authorize = authorize
        self._encryption = {"x-amz-server-side-encryption": "AES256"}
        if description["S3SseAlgorithm"] == "KMS":
            self._encryption = {"x-amz-server-side-encryption": "aws:kms"}
            if description.get("S3SseKmsKeyId"):
                self._encryption["x-amz-server-side-encryption-aws-kms-key-id"] = description["S3SseKmsKeyId"]

    def check(self) -> None:
        """Looks for the bucket, its owner and the KMS key, which AWS does only after it has accepted the export."""
        owner = self._owner()
        if self._expected_owner is not None and self._expected_owner != owner:
            raise self._access_denied()
        key_id = self._encryption.get("x-amz-server-side-encryption-aws-kms-key-id")
        if key_id is not None and not self._kms_key_exists(key_id, owner):
            raise ExportFailure("KmsNotFoundException", f"Key '{key_id}' does not exist")

    def put(self, key: str, body: bytes) -> None:
        """PutObject, as for `_started` and the manifests."""
        with self._scope(key):
            status, _, answer = self._s3._put_object(self._bucket, key, body, dict(self._encryption))
        self._expect_success(status, answer)

    def put_multipart(self, key: str, body: bytes) -> None:
        """A multipart upload of one part, as for data files: their ETag ends in `-1`."""
        with self._scope(key):
            headers = {**self._encryption, "content-type": "application/octet-stream"}
            status, _, answer = self._s3._create_multipart_upload(self._bucket, key, headers)
            self._expect_success(status, answer)
            upload_id = ElementTree.fromstring(answer).findtext("{*}UploadId") or ""
            upload = {"uploadId": [upload_id], "partNumber": ["1"]}
            status, part, answer = self._s3._upload_part(self._bucket, key, body, upload, {})
            self._expect_success(status, answer)
            document = (
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                f"<ETag>{part['ETag']}</ETag></Part></CompleteMultipartUpload>"
            )
            status, _, answer = self._s3._complete_multipart_upload(
                self._bucket, key, document.encode(), {"uploadId": [upload_id]}, {}
            )
        self._expect_success(status, answer)

    def _scope(self, key: str) -> Any:
        """The account and region of the bucket, after the caller's right to put `key` has been checked."""
        from ministack.core.responses import request_scope

        owner = self._owner()
        if not self._may_put(owner, key):
            raise self._access_denied()
        return request_scope(owner, self._region(owner))

    def _owner(self) -> str:
        owner = self._s3._bucket_owner_account(self._bucket)
        if owner is None:
            raise ExportFailure(
                "S3NoSuchBucket",
                "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; "
                f"Error Code: NoSuchBucket; Request ID: {_request_id()})",
            )
        return str(owner)

    def _region(self, owner: str) -> str:
        return str(self._s3._buckets.get_scoped(owner, None, self._bucket).get("region") or "us-east-1")

    def _may_put(self, owner: str, key: str) -> bool:
        """Bucket policy and, when requests are authorized at all, the caller's own policies."""
        from ministack.core import iam_evaluator
        from ministack.core.responses import request_scope

        account = self._caller.account_id
        principal = None
        if self._authorize:
            with request_scope(account, self._region(owner)):
                principal = iam_evaluator.resolve_principal(self._caller.access_key_id, account)
            if isinstance(principal, iam_evaluator.AuthError):
                return False
        context = iam_evaluator.EvalContext(
            principal_arn=principal.arn if principal else f"arn:aws:iam::{account}:root",
            principal_type=principal.type if principal else "Root",
            principal_account=account,
            action="s3:PutObject",
            resource_arn=f"arn:aws:s3:::{self._bucket}/{key}",
            region=self._region(owner),
            # DynamoDB reaches S3 by TLS, so a policy that denies everything else lets it through.
            secure_transport=True,
            service_context={
                "s3:x-amz-server-side-encryption": self._encryption["x-amz-server-side-encryption"],
                "aws:resourceaccount": owner,
            },
            principal_keys=principal.keys if principal else {},
        )
        policy = self._s3._bucket_policies.get_scoped(owner, None, self._bucket)
        decision = iam_evaluator.evaluate_resource_policy(policy, context).decision if policy else "ImplicitDeny"
        if decision == "Deny":
            return False
        identity_allows = True
        if principal is not None and principal.policies is not None:
            identity = iam_evaluator.evaluate(context, principal.policies, *principal.limits)
            if identity.decision == "Deny":
                return False
            identity_allows = identity.decision == "Allow"
        if owner == account:
            return identity_allows or decision == "Allow"
        # Another account's bucket: its policy and, in the request, its owner are both needed (AWS facts 1.8).
        return identity_allows and decision == "Allow" and self._expected_owner == owner

    def _kms_key_exists(self, key_id: str, owner: str) -> bool:
        """KMS keys must lie in the bucket's region (AWS facts 1.2)."""
        from ministack.core.responses import request_scope
        from ministack.services import kms

        with request_scope(self._caller.account_id, self._region(owner)):
            return kms._resolve_key(key_id) is not None

    def _expect_success(self, status: int, answer: bytes) -> None:
        if status >= 300:
            code = ElementTree.fromstring(answer).findtext("{*}Code") or ElementTree.fromstring(answer).findtext("Code")
            if code == "NoSuchBucket":
                self._owner()
            raise self._access_denied()

    def _access_denied(self) -> ExportFailure:
        return ExportFailure(
            "S3AccessDenied",
            "Access Denied (Service: Amazon S3; Status Code: 403; "
            f"Error Code: AccessDenied; Request ID: {_request_id()})",
        )


def _request_id() -> str:
    return uuid.uuid4().hex[:16].upper()
