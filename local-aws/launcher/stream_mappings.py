"""Event source mappings of DynamoDB streams as Lambda does them (AWS facts 7).

ministack takes a batch for done whatever the function answers, retries for ever and never divides a batch. Here
ReportBatchItemFailures goes on from the lowest sequence number, BisectBatchOnFunctionError halves, MaximumRetryAttempts and
MaximumRecordAgeInSeconds end in the on-failure destination.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import Any

from .settings import Settings

_LOG = logging.getLogger("local-aws.streams")


def install(settings: Settings) -> None:
    from ministack.services import dynamodb, lambda_svc

    poller = _Poller(lambda_svc, dynamodb, settings)
    lambda_svc._poll_dynamodb_streams = poller.poll


def failed_position(body: Any, sequence_numbers: list[str]) -> int | None:
    """From which of the records on the function wants the batch again; None when all of it is done.

    Lambda's Developer Guide, "Reporting batch item failures": an answer that is empty or null is a success; an identifier
    that is empty, null, missing or of no record of the batch fails all of it; of several the lowest counts.
    """
    if isinstance(body, (str, bytes)):
        if not body:
            return None
        try:
            body = json.loads(body)
        except ValueError:
            return 0
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return None
    places = []
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if identifier not in sequence_numbers:
            return 0
        places.append(sequence_numbers.index(identifier))
    return min(places)


@dataclass
class _Shard:
    """Where a mapping stands in its stream; the local stream has one shard."""

    attempts: int = 0
    #: How many records the next batch has at most, after a failed one was divided.
    limit: int | None = None


class _Poller:
    """Takes the place of ministack's poller of DynamoDB streams; called in a loop by its thread."""

    def __init__(self, lambda_svc: Any, dynamodb: Any, settings: Settings) -> None:
        self._lambda = lambda_svc
        self._dynamodb = dynamodb
        self._settings = settings
        self._shards: dict[str, _Shard] = {}

    def poll(self) -> bool:
        """Gives every mapping its next batch; whether any went on."""
        went_on = False
        for account, region, mapping in self._lambda._iter_all_esms():
            tokens = (self._lambda._request_account_id.set(account), self._lambda._request_region.set(region))
            try:
                went_on = self._serve(mapping, account, region) or went_on
            except Exception:
                _LOG.exception("event source mapping %s broke", mapping.get("UUID"))
            finally:
                self._lambda._request_account_id.reset(tokens[0])
                self._lambda._request_region.reset(tokens[1])
        return went_on

    def _serve(self, mapping: dict[str, Any], account: str, region: str) -> bool:
        function = self._function(mapping, account, region)
        identifier = mapping["UUID"]
        if function is None or self._lambda._esm_backoff_until.get(identifier, 0) > time.time():
            return False
        table = mapping["EventSourceArn"].split(":table/")[1].split("/")[0]
        shard = self._shards.setdefault(identifier, _Shard())
        position = self._position(mapping, table)
        size = min(int(mapping.get("BatchSize", 100)), shard.limit or 10_000)
        records = self._dynamodb.stream_records_since(table, position, size)
        if not records:
            return False
        # Those that pass the filter, with their places.
        wanted = [(place, record) for place, record in enumerate(records)
                  if self._lambda._apply_filter_criteria([record], mapping)]
        if not wanted:
            return self._go_on(mapping, shard, position + len(records))
        batch = [record for _, record in wanted]
        result = self._lambda._execute_function(function, {"Records": batch})
        failed = self._failure(mapping, result, batch)
        if failed is None:
            mapping["LastProcessingResult"] = "OK"
            return self._go_on(mapping, shard, position + len(records))
        mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
        _LOG.info("mapping %s: record %d of %d failed: %s", identifier, failed, len(batch), result.get("body"))
        progress = wanted[failed][0] if failed else 0
        return self._fail(mapping, shard, function, batch[failed:], result, position + progress,
                          position + len(records), went_on=progress > 0)

    def _function(self, mapping: dict[str, Any], account: str, region: str) -> Any:
        """The function's record; None when the mapping is not one of a stream that is there, or is off."""
        parts = mapping.get("EventSourceArn", "").split(":")
        if not mapping.get("Enabled", True) or len(parts) < 6 or parts[2:5] != ["dynamodb", region, account]:
            return None
        table = self._dynamodb._tables.get(":".join(parts[5:]).removeprefix("table/").split("/")[0])
        if not table or table.get("LatestStreamArn") != mapping["EventSourceArn"]:
            return None
        return self._lambda._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))[0]

    def _position(self, mapping: dict[str, Any], table: str) -> int:
        horizon = self._dynamodb.stream_start_position(table)
        end = self._dynamodb.stream_end_position(table)
        start = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
        with self._lambda._dynamodb_stream_positions_lock:
            positions = self._lambda._dynamodb_stream_positions
            positions[mapping["UUID"]] = max(positions.get(mapping["UUID"], start), horizon)
            return int(positions[mapping["UUID"]])

    def _failure(self, mapping: dict[str, Any], result: dict[str, Any], batch: list[dict[str, Any]]) -> int | None:
        if result.get("error"):
            return 0
        if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
            return None
        return failed_position(result.get("body"), [record["dynamodb"]["SequenceNumber"] for record in batch])

    def _go_on(self, mapping: dict[str, Any], shard: _Shard, position: int) -> bool:
        shard.attempts, shard.limit = 0, None
        self._lambda._esm_backoff_until.pop(mapping["UUID"], None)
        with self._lambda._dynamodb_stream_positions_lock:
            self._lambda._dynamodb_stream_positions[mapping["UUID"]] = position
        return True

    def _fail(self, mapping: dict[str, Any], shard: _Shard, function: Any, left: list[dict[str, Any]],
              result: dict[str, Any], position: int, end: int, went_on: bool) -> bool:
        """Keeps the rest of a batch for another attempt, or gives it up."""
        if went_on:
            self._go_on(mapping, shard, position)
        shard.attempts += 1
        retries = int(mapping.get("MaximumRetryAttempts", -1))
        age = int(mapping.get("MaximumRecordAgeInSeconds", -1))
        oldest = min(float(record["dynamodb"].get("ApproximateCreationDateTime", time.time())) for record in left)
        condition = ("RetryAttemptsExhausted" if 0 <= retries < shard.attempts
                     else "MaxRecordAgeExceeded" if 0 <= age < time.time() - oldest else None)
        if condition:
            self._lambda._send_ddb_stream_failure_record(
                mapping, function, left, mapping["EventSourceArn"], result, condition)
            return self._go_on(mapping, shard, end)
        # A batch whose function said where it failed is divided there already.
        if mapping.get("BisectBatchOnFunctionError") and not went_on and len(left) > 1:
            shard.limit = max(1, (end - position) // 2)
        self._lambda._esm_backoff_until[mapping["UUID"]] = time.time() + self._settings.async_retry_seconds
        return went_on
