"""deploy.sh --check and --enable-pitr, and what a failed deployment says."""

from __future__ import annotations

from conftest import BUCKET_REGION, Project

NAME = "DynamoDBBackupFunction"


def test_check_before_a_deployment_fails_and_changes_nothing(project: Project) -> None:
    project.create_table()
    done = project.run("--check")
    assert done.returncode == 1
    assert f"bucket {project.bucket}" in done.stdout and f"function {NAME}" in done.stdout
    assert project.client("s3").list_buckets()["Buckets"] == []


def test_check_finds_recovery_off_and_enable_pitr_turns_it_on(deployed: Project) -> None:
    assert "Users: point-in-time recovery is off" in deployed.first_output
    before = deployed.run("--check")
    assert before.returncode == 1
    assert "aws dynamodb update-continuous-backups --region us-east-1 --table-name Users" in before.stdout
    assert "problems: 1," in before.stdout
    enabled = deployed.run("--enable-pitr")
    assert enabled.returncode == 0 and "$0.20 per GB" in enabled.stdout and "Orders" not in enabled.stdout
    after = deployed.run("--check")
    assert after.returncode == 0, after.stdout + after.stderr
    assert "problems: 0," in after.stdout
    assert "on for every table already" in deployed.run("--enable-pitr").stdout


def test_check_finds_what_was_changed_by_hand(deployed: Project) -> None:
    deployed.client("events").disable_rule(Name=f"{NAME}-schedule")
    deployed.client("cloudwatch").delete_alarms(AlarmNames=[f"{NAME}-backup-age"])
    deployed.client("lambda").update_function_configuration(FunctionName=NAME, Timeout=3)
    deployed.client("s3", BUCKET_REGION).delete_bucket_lifecycle(Bucket=deployed.bucket)
    queue = deployed.client("sqs")
    queue.send_message(QueueUrl=queue.get_queue_url(QueueName=f"{NAME}-on-failure")["QueueUrl"], MessageBody="x")
    done = deployed.run("--check", SCHEDULE="rate(2 hours)")
    assert done.returncode == 1
    for expected in (f"aws events enable-rule --region us-east-1 --name {NAME}-schedule", f"alarm {NAME}-backup-age",
                     "changed by hand", "Function modified /Timeout", "missing or different from s3-lifecycle.json",
                     "holds 1 failed invocations", "deployed with another Schedule"):
        assert expected in done.stdout, done.stdout


def test_failed_stack_names_the_cause_and_the_next_run_recovers(project: Project) -> None:
    project.create_table()
    template = project.folder / "infrastructure" / "backup-function.yaml"
    good = template.read_text()
    template.write_text(good.replace("      MetricName: Throttles\n", ""))
    failed = project.run()
    assert failed.returncode == 1, failed.stdout
    assert "ThrottlesAlarm" in failed.stderr and "MetricName" in failed.stderr and "Next:" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    template.write_text(good)
    assert f"stack {NAME}: created" in project.deploy()
