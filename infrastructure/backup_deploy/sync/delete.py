"""./deploy.sh sync --delete: takes away what deploy.sh sync made, and nothing else."""

from __future__ import annotations

from .. import delete, report, stacks
from ..aws import AWS, AWSError
from ..errors import DeployError
from . import bucket_events, streams
from .plan import Plan, RegionPlan
from .streams import TableState


def run(aws: AWS, plan: Plan, account: str, confirmed: bool, with_streams: bool) -> None:
    """Deletes our notification rules, then the stacks. Tables, buckets and what lies in them stay."""
    states = [state for region in plan.regions
              for state in streams.read_all(aws, [mapping.source for mapping in region.tables])]
    on = [state for state in states if state.view_type]
    _announce(plan, account, on, with_streams)
    if not confirmed:
        delete.confirm(plan.function_name)
    for region in plan.regions:
        # First of all: a rule whose queue is gone would make S3 refuse every later change of the notifications.
        for name in region.source_buckets:
            _remove_rules(aws, plan, region, account, name)
        report.step(f"Deleting stack {plan.stack} in {region.region}")
        found = stacks.delete(aws, plan.stack, region.region, "./deploy.sh sync")
        report.detail("deleted" if found else "there is none")
        report.step(f"Deleting stack {plan.artifacts_stack} in {region.region}")
        held = stacks.describe(aws, plan.artifacts_stack, region.region)
        if held is not None:
            delete.empty(aws, region.region, stacks.outputs(held).get("BucketName", ""))
        found = stacks.delete(aws, plan.artifacts_stack, region.region, "./deploy.sh sync")
        report.detail("deleted" if found else "there is none")
    if with_streams:
        for state in on:
            _switch_off(aws, state)
    print("\nDeleted. Kept: every table and bucket, with all that is in them.")
    bridged = sorted({mapping.source.bucket for mapping in plan.buckets if mapping.uses_event_bridge})
    if bridged:
        print(f"EventBridge is still on for {', '.join(bridged)}, for others may take events from there; S3 charges for each"
              " event that it sends. To switch it off, put the notification configuration without EventBridgeConfiguration:"
              " aws s3api get-bucket-notification-configuration and put-bucket-notification-configuration.")
    if on and not with_streams:
        names = ", ".join(state.table.name for state in on)
        print(f"The streams of {names} are still on, for others may read them; a stream that nobody reads costs nothing."
              " To switch them off: ./deploy.sh sync --delete --delete-streams")


def _announce(plan: Plan, account: str, on: list[TableState], with_streams: bool) -> None:
    print(f"This deletes in account {account}, and live sync ends with it:")
    for region in plan.regions:
        print(f"  stack {plan.stack} in {region.region}: functions, roles, event source mappings, alarms, logs, and queues"
              " with the failures kept in them")
        print(f"  stack {plan.artifacts_stack} in {region.region}: the bucket with the functions' zips")
        for name in region.source_buckets:
            print(f"  the notification rules of bucket {name} that send to {plan.function_name}-bucket-events; other rules"
                  " stay")
    if with_streams:
        for state in on:
            print(f"  the stream of table {state.table.name} in {state.table.region}, whoever else reads it")
    print("It keeps every table and bucket, sources and targets, with all that is in them.")


def _remove_rules(aws: AWS, plan: Plan, region: RegionPlan, account: str, name: str) -> None:
    report.step(f"Removing the notification rules of bucket {name}")
    try:
        bucket = bucket_events.read(aws, plan, region, account, name)
    except DeployError as error:
        if isinstance(error.__cause__, AWSError) and error.__cause__.code in ("404", "NoSuchBucket"):
            report.detail("there is no such bucket any more")
            return
        raise
    report.detail("removed" if bucket_events.remove(aws, bucket) else "there are none")


def _switch_off(aws: AWS, state: TableState) -> None:
    report.step(f"Switching off the stream of table {state.table.name}")
    try:
        aws.call("dynamodb", "update-table", state.table.region, TableName=state.table.name,
                 StreamSpecification={"StreamEnabled": False})
    except AWSError as error:
        raise error.explained(f"table {state.table.name} in {state.table.region}") from error
    report.detail("switched off")
