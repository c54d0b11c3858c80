"""How EventBridge rules reach functions, where ministack differs (AWS facts 7)."""

from __future__ import annotations

import fnmatch
import json
import logging
import re
from typing import Any

from .settings import Settings

_LOG = logging.getLogger("local-aws.schedules")


def install(settings: Settings) -> None:
    from ministack.services import cloudwatch, eventbridge, lambda_svc

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        """EventBridge invokes asynchronously: with retries and the on-failure destination. ministack calls once."""
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            _LOG.warning("EventBridge found no function %s", name)
            return
        record = {**function, **lambda_svc._execution_record_for_config(function, config)}
        lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    invoke_target = eventbridge._invoke_target

    def permitted_invoke_target(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        """A function is only invoked when its policy lets the rule in; otherwise the rule's FailedInvocations count."""
        dimensions = {"RuleName": rule.get("Name", "")}
        arn = target.get("Arn", "")
        if ":lambda:" in arn:
            function, _, name = lambda_svc._get_func_record_for_ref(arn)
            if not function or not rule_may_invoke(function.get("policy") or {}, rule.get("Arn", "")):
                _LOG.warning("rule %s may not invoke %s, or there is no such function", rule.get("Arn"), name)
                cloudwatch.record_metric("AWS/Events", "FailedInvocations", 1, "Count", dimensions)
                return
        cloudwatch.record_metric("AWS/Events", "Invocations", 1, "Count", dimensions)
        invoke_target(target, event, rule, view)

    is_valid = eventbridge._validate_schedule_expression

    def is_valid_expression(expression: str) -> bool:
        """Value and unit must agree: rate(1 minute), rate(5 minutes). ministack takes rate(1 minutes), too."""
        rate = re.fullmatch(r"rate\((\d+) +(\w+)\)", expression)
        if rate is not None and (int(rate[1]) < 1 or (int(rate[1]) == 1) == rate[2].endswith("s")):
            return False
        return bool(is_valid(expression))

    eventbridge._validate_schedule_expression = is_valid_expression
    eventbridge._SCHEDULER_TICK_INTERVAL = settings.schedule_tick_seconds
    eventbridge._dispatch_to_lambda = dispatch_to_lambda
    eventbridge._invoke_target = permitted_invoke_target


def make_due(account_id: str, region: str, name: str) -> bool:
    """Lets a scheduled rule of the default bus fire at the next tick, as if its time had come; False: no such rule."""
    from ministack.core.responses import request_scope
    from ministack.services import eventbridge

    with request_scope(account_id, region):
        rule_key = eventbridge._rule_key(name, "default")
        if not eventbridge._rules.get(rule_key, {}).get("ScheduleExpression"):
            return False
    eventbridge._rule_last_fired[(account_id, region, rule_key)] = 0
    return True


def rule_may_invoke(policy: dict[str, Any], rule_arn: str) -> bool:
    """Whether a function's resource policy has a statement for events.amazonaws.com and this rule."""
    for statement in policy.get("Statement") or []:
        principal = statement.get("Principal")
        services = principal.get("Service") if isinstance(principal, dict) else principal
        services = [services] if isinstance(services, str) else services or []
        if statement.get("Effect") != "Allow" or not {"events.amazonaws.com", "*"} & set(services):
            continue
        sources = [
            str(value)
            for keys in (statement.get("Condition") or {}).values()
            for key, value in keys.items()
            if key.lower() == "aws:sourcearn"
        ]
        if all(fnmatch.fnmatchcase(rule_arn, source) for source in sources):
            return True
    return False
