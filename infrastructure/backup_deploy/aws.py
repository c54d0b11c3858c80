"""Calls AWS through the AWS CLI, which knows profiles, SSO, endpoints and proxies already."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any, Optional

from .errors import DeployError

_SERVICE_ERROR = re.compile(
    r"An error occurred \(([^)]+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: (.*)", re.DOTALL)
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_BAD_KEYS = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch",
             "AuthFailure", "InvalidSignatureException")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")
_SERVICE_IDS = {"s3api": "S3", "events": "EVENTBRIDGE"}
_LOGIN = "run aws sso login or renew the credentials of your profile, then run this again."


class AWSError(Exception):
    """An error answer of an AWS service."""

    def __init__(self, code: str, operation: str, message: str) -> None:
        self.code = code
        self.operation = operation
        self.message = " ".join(message.split())
        super().__init__(f"{operation}: {code}: {self.message}")

    @property
    def is_denied(self) -> bool:
        return self.code in _DENIED

    def explained(self, subject: str) -> DeployError:
        """The same for the user: what failed, on what, what next."""
        if self.code in _EXPIRED:
            return DeployError(f"The AWS credentials have expired ({self.code}).", _LOGIN)
        if self.code in _BAD_KEYS:
            return DeployError(f"AWS does not accept the credentials ({self.code}).",
                               "check AWS_PROFILE, AWS_ACCESS_KEY_ID and the machine's clock.")
        next_step = ""
        if self.is_denied:
            next_step = "give the caller the permissions in infrastructure/policies: deploy-policy.json, or for deploy.sh sync"
            next_step += " sync-deploy-policy.json."
        elif "Throttl" in self.code or self.code in ("RequestLimitExceeded", "SlowDown"):
            next_step = "AWS is throttling; wait a minute and run this again."
        return DeployError(f"{self.operation} failed on {subject}: {self.code}: {self.message}.", next_step)


class AWS:
    """The AWS CLI with the profile and endpoint of this run."""

    def __init__(self, profile: Optional[str] = None, verbose: bool = False) -> None:
        self.profile = profile
        self.verbose = verbose
        self._environment = dict(os.environ)
        self._environment.update(AWS_PAGER="", AWS_RETRY_MODE=os.environ.get("AWS_RETRY_MODE", "standard"),
                                 AWS_MAX_ATTEMPTS=os.environ.get("AWS_MAX_ATTEMPTS", "5"), AWS_CLI_AUTO_PROMPT="off")

    def call(self, service: str, command: str, region: str, **parameters: Any) -> dict[str, Any]:
        """Calls `command` with the API's own parameter names; the answer, or AWSError."""
        arguments = ["--cli-input-json", json.dumps(parameters)] if parameters else []
        return self.run(service, command, region, arguments)

    def run(self, service: str, command: str, region: str, arguments: list[str]) -> dict[str, Any]:
        """Calls `command` with the CLI's own arguments, for what --cli-input-json cannot say (files)."""
        line = ["aws", service, command, "--region", region, "--output", "json", *arguments]
        endpoint = self._endpoint(service)
        if endpoint:
            line += ["--endpoint-url", endpoint]
        if self.profile:
            line += ["--profile", self.profile]
        if self.verbose:
            print(f"  aws {service} {command} --region {region}", file=sys.stderr)
        done = subprocess.run(line, env=self._environment, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return json.loads(done.stdout) if done.stdout.strip() else {}
        match = _SERVICE_ERROR.search(done.stderr)
        if match:
            raise AWSError(match[1], match[2], match[3].strip().rstrip("."))
        raise _local_error(f"aws {service} {command}", region, done.stderr)


    def _endpoint(self, service: str) -> str:
        """The custom endpoint, given to the CLI as an option: versions before 1.29 and 2.13 know no variable for it,
        and version 1 overlooks the variable for SQS, so that a call meant for a local AWS would reach the real one."""
        if self._environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
            return ""
        name = _SERVICE_IDS.get(service, service).upper().replace("-", "_")
        return self._environment.get(f"AWS_ENDPOINT_URL_{name}") or self._environment.get("AWS_ENDPOINT_URL", "")


def _local_error(command: str, region: str, stderr: str) -> DeployError:
    """Explains a failure of the CLI itself: the request never got an answer."""
    text = " ".join(stderr.split())
    if "Unable to locate credentials" in text or "NoCredentials" in text:
        return DeployError("No AWS credentials were found.",
                           "set AWS_PROFILE (or --profile), or run aws configure or aws sso login.")
    if "config profile" in text and "could not be found" in text:
        return DeployError(f"{text}.", "aws configure list-profiles shows the profiles there are.")
    if "expired" in text.lower() and ("sso" in text.lower() or "token" in text.lower()):
        return DeployError(f"The AWS credentials have expired: {text}.", _LOGIN)
    if "Could not connect to the endpoint URL" in text or "Connection was closed" in text or "timeout" in text.lower():
        return DeployError(f"{command} got no answer in {region}: {text}.",
                           "check the region's name, the network and AWS_ENDPOINT_URL.")
    return DeployError(f"{command} failed in {region}: {text[-500:]}")
