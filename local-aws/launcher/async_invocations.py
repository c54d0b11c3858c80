"""Asynchronous invocations as Lambda does them: one request id for all attempts, retries, destinations, metrics."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import Any

from .settings import Settings

_LOG = logging.getLogger("local-aws.lambda")
_DEFAULT_RETRIES = 2
_DEFAULT_EVENT_AGE_SECONDS = 21_600


def install(settings: Settings) -> None:
    from ministack.services import lambda_svc

    emit_metrics = lambda_svc._emit_lambda_metrics

    def counted_once(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        # ministack counts an asynchronous invocation as a success when it is accepted (duration 0); it is counted
        # here when it has run, so that alarms on Errors see asynchronous failures.
        if duration_ms > 0 or throttle:
            emit_metrics(function_name, duration_ms, error, throttle)

    def invoke(function: dict[str, Any], event: Any) -> None:
        invocation = _Invocation(lambda_svc, settings, function, event, emit_metrics)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(invocation.run,), daemon=True, name="local-aws-async").start()

    lambda_svc._emit_lambda_metrics = counted_once
    lambda_svc.invoke_async_with_retry = invoke
    _unqualified_is_latest(lambda_svc)


def _unqualified_is_latest(lambda_svc: Any) -> None:
    """On AWS the configuration without a qualifier is the one of $LATEST; ministack keeps two."""
    get, put, delete = (
        lambda_svc._get_event_invoke_config,
        lambda_svc._put_event_invoke_config,
        lambda_svc._delete_event_invoke_config,
    )

    def plain(qualifier: str | None) -> str | None:
        return None if qualifier == "$LATEST" else qualifier

    lambda_svc._get_event_invoke_config = lambda name, qualifier=None: get(name, plain(qualifier))
    lambda_svc._put_event_invoke_config = lambda name, qualifier, data: put(name, plain(qualifier), data)
    lambda_svc._delete_event_invoke_config = lambda name, qualifier=None: delete(name, plain(qualifier))


class _Invocation:
    """One event on its way through a function's queue."""

    def __init__(
        self, lambda_svc: Any, settings: Settings, function: dict[str, Any], event: Any, emit_metrics: Any
    ) -> None:
        self._lambda = lambda_svc
        self._settings = settings
        self._function = function
        self._config: dict[str, Any] = function.get("config") or function
        self._event = event
        self._emit_metrics = emit_metrics
        self._request_id = str(uuid.uuid4())
        self._name = str(self._config.get("FunctionName"))

    def run(self) -> None:
        try:
            self._lambda._run_with_function_config_scope(self._config, self._attempts)
        except Exception:
            _LOG.exception("asynchronous invocation of %s broke", self._name)

    def _attempts(self) -> None:
        options = self._function.get("event_invoke_config") or {}
        retries = options.get("MaximumRetryAttempts")
        retries = _DEFAULT_RETRIES if retries is None else int(retries)
        deadline = time.monotonic() + int(options.get("MaximumEventAgeInSeconds") or _DEFAULT_EVENT_AGE_SECONDS)
        destinations = options.get("DestinationConfig") or {}
        condition = "RetriesExhausted"
        result: dict[str, Any] = {}
        attempt = 0
        while True:
            attempt += 1
            result = self._execute(deadline)
            if not result.get("error"):
                destination = (destinations.get("OnSuccess") or {}).get("Destination")
                if destination:
                    self._send(destination, self._record("Success", attempt, result))
                return
            _LOG.info("attempt %d of %s failed: %s", attempt, self._name, result.get("body"))
            if attempt > retries:
                break
            # AWS waits one minute before the first retry and two before the second.
            delay = self._settings.async_retry_seconds * attempt
            if time.monotonic() + delay > deadline:
                condition = "EventAgeExceeded"
                break
            time.sleep(delay)
        destination = (destinations.get("OnFailure") or {}).get("Destination")
        if destination:
            self._send(destination, self._record(condition, attempt, result))
        dead_letter_target = (self._config.get("DeadLetterConfig") or {}).get("TargetArn")
        if dead_letter_target:
            self._send(dead_letter_target, self._event)

    def _execute(self, deadline: float) -> dict[str, Any]:
        """One attempt. Throttling is no attempt: the event waits in the queue."""
        slot = None
        while slot is None:
            slot, _ = self._lambda._acquire_execution_slot(self._function, self._config)
            if slot is None:
                self._emit_metrics(self._name, duration_ms=0.0, error=False, throttle=True)
                if time.monotonic() > deadline:
                    return {"error": True, "body": {"errorMessage": "The event's age was exceeded"}}
                time.sleep(1)
        started = time.time()
        try:
            result: dict[str, Any] = self._lambda._execute_function_dispatch(
                self._function, self._config, self._event, self._request_id, started
            )
        finally:
            self._lambda._release_execution_slot(slot)
        milliseconds = max(0.001, (time.time() - started) * 1000)
        self._emit_metrics(self._name, duration_ms=milliseconds, error=bool(result.get("error")), throttle=False)
        return result

    def _record(self, condition: str, attempts: int, result: dict[str, Any]) -> dict[str, Any]:
        """The invocation record a destination gets."""
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": self._config.get("Version", "$LATEST")}
        if result.get("error"):
            response["functionError"] = result.get("function_error") or "Unhandled"
        return {
            "version": "1.0",
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": self._request_id,
                "functionArn": f"{self._config.get('FunctionArn')}:{self._config.get('Version', '$LATEST')}",
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": self._event,
            "responseContext": response,
            "responsePayload": result.get("body"),
        }

    def _send(self, arn: str, message: Any) -> None:
        """Delivers to SQS or SNS through their own front doors, or invokes a function."""
        from ministack.app import call_service_handler_sync

        service, _, _, resource = arn.split(":", 5)[2:6] if arn.count(":") >= 5 else ("", "", "", "")
        text = json.dumps(message, ensure_ascii=False)
        if service == "sqs":
            from ministack.services import sqs

            queue = sqs._queue_by_arn(arn)
            if queue is None:
                _LOG.warning("DestinationDeliveryFailures: there is no queue %s", arn)
                return
            body = json.dumps({"QueueUrl": queue["url"], "MessageBody": text})
            headers = {"x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0"}
            status, _, answer = call_service_handler_sync(sqs.handle_request, "POST", "/", headers, body.encode(), {})
            if status != 200:
                _LOG.warning("DestinationDeliveryFailures: %s: %s", arn, answer)
        elif service == "sns":
            from ministack.services import sns

            sns._fanout(arn, str(uuid.uuid4()), text, "", "", {})
        elif service == "lambda":
            function, config, _ = self._lambda._get_func_record_for_ref(arn)
            if function:
                record = self._lambda._execution_record_for_config(function, config)
                self._lambda.invoke_async_with_retry(record, message)
        else:
            _LOG.warning("DestinationDeliveryFailures: %s is no known destination (%s)", arn, resource)
