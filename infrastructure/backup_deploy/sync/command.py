"""The command line of deploy.sh sync."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Callable

from .. import config as configuration
from ..aws import AWS, AWSError
from ..config import Config
from . import check, delete, deploy, roles
from .plan import Plan

NAME = "sync"
_DESCRIPTION = """\
Switches on live sync of the tables and buckets in "sync" of config.json, or updates it: in each Region that holds a
source the functions with their roles, queues and alarms, the tables' streams where they are off, an event source mapping
for each stream, and our rules among the buckets' notifications. Run it again at any time."""
_EXAMPLES = """\
examples:
  ./deploy.sh sync                        deploy, or update what changed; then begin the history
  ./deploy.sh sync --dry-run              show what would change
  ./deploy.sh sync --check                look at everything, change nothing
  ./deploy.sh sync --policies             print what roles of targets in other accounts need
  ./deploy.sh sync --delete               end live sync; keep tables, buckets, streams and all data
  ./deploy.sh sync --config migration.json --profile old-account
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 ./deploy.sh sync
                                          deploy to a local AWS

exit codes: 0 done, nothing to do, or no problems found; 1 failed, or problems found; 64 usage; 130 interrupted
"""


def parse(parser: Callable[..., argparse.ArgumentParser], arguments: list[str]) -> argparse.Namespace:
    """The options behind the word sync."""
    found = parser(prog=f"./deploy.sh {NAME}", description=_DESCRIPTION, epilog=_EXAMPLES,
                   formatter_class=argparse.RawDescriptionHelpFormatter)
    action = found.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="look at everything and change nothing")
    action.add_argument("--delete", action="store_true", help="delete what deploy.sh sync made; no table and no bucket")
    action.add_argument("--dry-run", action="store_true", help="show what a deployment would change")
    action.add_argument("--policies", action="store_true", help="print the policies that the targets' roles need")
    found.add_argument("--delete-streams", action="store_true",
                       help="with --delete: also switch off the source tables' streams, whoever else reads them")
    found.add_argument("--yes", action="store_true", help="do not ask before --delete")
    found.add_argument("--config", type=Path, default=configuration.ROOT / "config.json", metavar="FILE",
                       help="settings to use instead of config.json")
    found.add_argument("--zip", type=Path, metavar="FILE",
                       help="deploy the bootstrap in this zip instead of building one")
    found.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration, of the sources' account")
    found.add_argument("--endpoint-url", metavar="URL", help="AWS endpoint to use, for a local AWS")
    found.add_argument("--verbose", action="store_true", help="show each AWS call")
    options = found.parse_args(arguments)
    if options.delete_streams and not options.delete:
        found.error("--delete-streams goes with --delete")
    return options


def run(options: argparse.Namespace) -> int:
    """Does what was asked for; gives the exit code."""
    # The environment's overrides are the backup's.
    settings: Config = configuration.load(options.config, environment={}, needed=(NAME,))
    plan = Plan.of(settings, options.config)
    aws = AWS(profile=options.profile, verbose=options.verbose)
    account, caller = _identity(aws, plan)
    plan.require_account(account)
    if options.check:
        return 0 if check.run(aws, settings, plan, account, caller) else 1
    if options.policies:
        roles.print_policies(plan, account)
    elif options.delete:
        delete.run(aws, plan, account, options.yes, options.delete_streams)
    else:
        deploy.run(aws, settings, plan, account, deploy.Options(options.dry_run, options.zip, options.config))
    return 0


def _identity(aws: AWS, plan: Plan) -> tuple[str, str]:
    try:
        identity = aws.call("sts", "get-caller-identity", plan.regions[0].region)
    except AWSError as error:
        raise error.explained("the credentials") from error
    return str(identity["Account"]), str(identity["Arn"])
