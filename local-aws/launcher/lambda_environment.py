"""The environment a function runs in, where ministack differs from Lambda."""

from __future__ import annotations

import secrets
from typing import Any


def install(endpoint: str) -> None:
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    def worker_environment(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
        """The variables of Lambda's OS-only runtime and nothing else (AWS facts 3.2).

        ministack hands down its own environment, where a function could find what Lambda would not give it.
        AWS_ENDPOINT_URL is the one addition: it leads the function back here.
        """
        name = config.get("FunctionName", "")
        logging_config = config.get("LoggingConfig") or {}
        environment = {
            "_HANDLER": config.get("Handler", ""),
            "LAMBDA_TASK_ROOT": code_dir,
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_REGION": lambda_svc.get_region(),
            "AWS_DEFAULT_REGION": lambda_svc.get_region(),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": logging_config.get("LogGroup") or f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{secrets.token_hex(16)}",
            "AWS_LAMBDA_LOG_FORMAT": logging_config.get("LogFormat") or "Text",
            "LD_LIBRARY_PATH": f"/lib64:/usr/lib64:{code_dir}:{code_dir}/lib:/opt/lib",
            "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
        }
        if logging_config.get("ApplicationLogLevel"):
            environment["AWS_LAMBDA_LOG_LEVEL"] = logging_config["ApplicationLogLevel"]
        credentials = lambda_runtime.execution_credentials(config)
        # A role's credentials always come with a session token.
        credentials["AWS_SESSION_TOKEN"] = credentials.get("AWS_SESSION_TOKEN") or "local-aws-session-token"
        environment.update(credentials)
        environment.update(lambda_svc._runtime_env_vars(config))
        environment["AWS_ENDPOINT_URL"] = endpoint
        return environment

    lambda_svc._provided_worker_env = worker_environment
