"""./deploy.sh: brings everything to the state that the configuration describes."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional

from . import bucket as buckets
from . import function_zip, report, schedule, stacks, tables
from .aws import AWS, AWSError
from .config import ROOT, Config
from .errors import DeployError

ZIP = ROOT / "dist" / "function.zip"
# A role's inline policies hold 10,240 characters and a parameter 4,096; the policy names every table twice.
_TABLE_LIST_LIMIT = 3600


@dataclass(frozen=True)
class Options:
    """`zip` is a zip that somebody else built; None builds it."""

    dry_run: bool
    zip: Optional[Path]


def run(aws: AWS, config: Config, options: Options) -> None:
    """Deploys or updates everything; nothing is touched before the configuration is known to fit the account."""
    report.step(f"Tables in {config.region}")
    states = tables.read_all(aws, config)
    tables.require_all(states, config)
    _tell_tables(states)

    report.step(f"Backup bucket {config.bucket} in {config.bucket_region}")
    outcomes = [_bucket(aws, config, options.dry_run)]

    report.step("Function package")
    package(config, options.zip)

    report.step(f"Function {config.function_name} in {config.region}")
    outcomes += _function(aws, config, options.dry_run)
    if options.dry_run:
        print("\nDry run: nothing was changed.")
    else:
        _summarize(config, outcomes, states)


def require_account(aws: AWS, config: Config) -> str:
    """Makes sure that the credentials are of the tables' account; gives the caller's ARN."""
    try:
        identity = aws.call("sts", "get-caller-identity", config.region)
    except AWSError as error:
        raise error.explained("the credentials") from error
    if identity["Account"] != config.account:
        raise DeployError(
            f"The credentials are of account {identity['Account']}, but the tables are in account {config.account}.",
            "choose the right profile with --profile or AWS_PROFILE, or correct the tables' ARNs.")
    return str(identity["Arn"])


def settings_parameters(config: Config) -> dict[str, str]:
    """The parameters of the function's stack that follow from the configuration alone."""
    return {
        "FunctionName": config.function_name,
        "TableResources": ",".join(_table_resources(config)),
        "BucketName": config.bucket,
        "Prefix": config.prefix,
        "Schedule": config.schedule,
        "MaximumAgeHours": str(config.maximum_age_hours),
        "AlarmEmail": config.alarm_email,
    }


def function_template(config: Config, code_bucket: str) -> stacks.Template:
    """The function's stack as the configuration and dist/function.zip want it."""
    return stacks.Template(config.function_stack, config.region, "backup-function.yaml", {
        **settings_parameters(config),
        "CodeBucket": code_bucket,
        **zip_parameters(),
    })


def zip_parameters() -> dict[str, str]:
    """What dist/function.zip says of itself."""
    return {"CodeKey": f"function/{function_zip.sha256(ZIP).hex()}.zip", "Architecture": function_zip.architecture(ZIP)}


def bucket_template(config: Config) -> stacks.Template:
    """The bucket's stack."""
    return stacks.Template(config.bucket_stack, config.bucket_region, "backup-bucket.yaml",
                           {"BucketName": config.bucket})


def artifacts_template(config: Config) -> stacks.Template:
    """The stack of the bucket for the function's zip."""
    return stacks.Template(config.artifacts_stack, config.region, "backup-artifacts.yaml")


def manages_bucket(config: Config, stack: Optional[Mapping[str, Any]]) -> bool:
    """Whether the bucket belongs to our stack (and so is ours to change)."""
    return stack is not None and stacks.outputs(stack).get("BucketName") == config.bucket


def _tell_tables(states: list[tables.TableState]) -> None:
    for state in states:
        if state.problem:
            report.warning(f"{state.table.name}: {state.problem}")
        elif not state.pitr:
            report.warning(f"{state.table.name}: point-in-time recovery is off, its exports will fail."
                           " Next: ./deploy.sh --enable-pitr")
        else:
            report.detail(f"{state.table.name}: {state.status}, point-in-time recovery on")


def _bucket(aws: AWS, config: Config, dry_run: bool) -> stacks.Outcome:
    state = buckets.find(aws, config)
    template = bucket_template(config)
    if state.exists and not manages_bucket(config, stacks.describe(aws, template.name, template.region)):
        report.detail("the bucket exists already and is not this project's: bucket stack skipped, settings only checked")
        _tell_foreign_lifecycle(aws, config)
        return stacks.Outcome("unchanged", {})
    outcome = stacks.ensure(aws, template, dry_run)
    tell_outcome(template, outcome, dry_run)
    if not dry_run and buckets.apply_lifecycle(aws, config):
        report.detail("lifecycle rules of s3-lifecycle.json applied")
        outcome = stacks.Outcome("updated" if outcome.action == "unchanged" else outcome.action, outcome.outputs)
    return outcome


def _tell_foreign_lifecycle(aws: AWS, config: Config) -> None:
    try:
        current = buckets.current_lifecycle(aws, config)
    except AWSError as error:
        report.warning(f"its lifecycle rules could not be read: {error.code}")
        return
    if buckets.lifecycle_differences(current, buckets.wanted_lifecycle(config)):
        report.warning("its lifecycle rules are not those of s3-lifecycle.json. Next: ./deploy.sh --check")


def package(config: Config, source: Optional[Path]) -> None:
    """Writes dist/function.zip with these settings: of a zip that is there, or built now."""
    if source is None:
        # What it says at its end is said below, of the zip with these settings; its progress and errors go to stderr.
        done = subprocess.run([str(ROOT / "scripts" / "package-lambda")], check=False, stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            raise DeployError("scripts/package-lambda failed; its last lines say why.",
                              "correct that, or give a zip built elsewhere with --zip.")
    function_zip.with_config(source or ZIP, ZIP, config.serialized())
    report.detail(f"{ZIP.relative_to(ROOT)}: {ZIP.stat().st_size / 1e6:.1f} MB, {function_zip.architecture(ZIP)},"
                  f" sha256 {function_zip.sha256(ZIP).hex()[:12]}")


def _function(aws: AWS, config: Config, dry_run: bool) -> list[stacks.Outcome]:
    artifacts = artifacts_template(config)
    held = stacks.ensure(aws, artifacts, dry_run)
    tell_outcome(artifacts, held, dry_run)
    # In the dry run of a first deployment the bucket has no name yet.
    code_bucket = held.outputs.get("BucketName", "not-yet-created")
    template = function_template(config, code_bucket)
    if not dry_run:
        upload(aws, config.region, code_bucket, template.parameters["CodeKey"])
    if template.parameters["TableResources"].endswith("table/*"):
        report.warning(f"{len(config.tables)} tables do not fit into one role policy:"
                       f" the role may export every table of {config.region}")
    outcome = stacks.ensure(aws, template, dry_run)
    tell_outcome(template, outcome, dry_run)
    return [held, outcome]


def upload(aws: AWS, region: str, code_bucket: str, key: str) -> None:
    """Puts dist/function.zip into the artifacts bucket unless it is there."""
    try:
        aws.call("s3api", "head-object", region, Bucket=code_bucket, Key=key)
        return
    except AWSError as error:
        if error.code not in ("404", "NoSuchKey", "403"):
            raise error.explained(f"s3://{code_bucket}/{key}") from error
    try:
        aws.run("s3api", "put-object", region, ["--bucket", code_bucket, "--key", key, "--body", str(ZIP)])
    except AWSError as error:
        raise error.explained(f"s3://{code_bucket}/{key}") from error
    report.detail(f"uploaded to s3://{code_bucket}/{key}")


def _table_resources(config: Config) -> list[str]:
    arns = [table.arn for table in config.tables]
    if len(",".join(arns)) <= _TABLE_LIST_LIMIT:
        return arns
    first = config.tables[0]
    return [f"arn:{first.partition}:dynamodb:{first.region}:{first.account}:table/*"]


def tell_outcome(template: stacks.Template, outcome: stacks.Outcome, dry_run: bool) -> None:
    """Says what became of a stack; in a dry run also what would."""
    report.detail(f"stack {template.name}: {outcome.action}")
    if dry_run:
        for line in outcome.changes:
            report.detail(f"  {line}")


def _summarize(config: Config, outcomes: list[stacks.Outcome], states: list[tables.TableState]) -> None:
    final = outcomes[-1].outputs
    if all(outcome.action == "unchanged" for outcome in outcomes):
        print("\nNo changes: everything is deployed as the configuration wants it.")
    else:
        print("\nDeployed.")
    lines = [
        ("Function", f"{config.function_name} ({config.region})"),
        ("Tables", f"{len(config.tables)}: {', '.join(table.name for table in config.tables)}"),
        ("Schedule", f"{config.rule_name}: {schedule.described(config.schedule)}"),
        ("Backups", f"s3://{config.bucket}/{config.prefix}/ ({config.bucket_region})"),
        ("Alarms", final.get("AlarmTopicArn", "unknown")),
    ]
    for label, text in lines:
        print(f"  {label:<9} {text}")
    if config.alarm_email:
        print(f"  Confirm the e-mail that AWS sent to {config.alarm_email}, or no alarm reaches it.")
    else:
        print("  Nobody hears the alarms yet: set alarmEmail, or subscribe something else to the topic.")
    if any(state.pitr is False for state in states):
        print("  Point-in-time recovery is off for some tables: ./deploy.sh --enable-pitr")
    print("Next, after scripts/build-programs: dist/bin/monitor backup --wait (a first backup now), dist/bin/monitor")
