"""The command line of deploy.sh."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from . import check, config, delete, deploy, recovery
from .aws import AWS, AWSError
from .errors import Declined, DeployError
from .sync import command

_EXAMPLES = """\
examples:
  ./deploy.sh                             deploy, or update what changed; can be run at any time
  ./deploy.sh --dry-run                   show what would change
  ./deploy.sh --check                     look at everything, change nothing
  ./deploy.sh --enable-pitr               turn point-in-time recovery on where it is off
  ./deploy.sh --delete                    delete function, rules, queues and alarms; keep bucket and backups
  AWS_PROFILE=backup ./deploy.sh          use that profile
  SCHEDULE='rate(6 hours)' ./deploy.sh    override a setting (also TABLE_ARNS, S3_BUCKET, S3_REGION, S3_PREFIX)
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 ./deploy.sh
                                          deploy to a local AWS
  ./deploy.sh sync --help                 live sync of tables and buckets has its own options

exit codes: 0 done, nothing to do, or no problems found; 1 failed, or problems found; 64 usage; 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        print(f"deploy.sh: {message}. {self.prog} --help shows how.", file=sys.stderr)
        sys.exit(64)


def main() -> int:
    arguments = sys.argv[1:]
    is_sync = arguments[:1] == [command.NAME]
    options = command.parse(_Parser, arguments[1:]) if is_sync else _parse()
    if options.endpoint_url:
        os.environ["AWS_ENDPOINT_URL"] = options.endpoint_url
    try:
        return command.run(options) if is_sync else _run(options)
    except Declined:
        print("Nothing was deleted.", file=sys.stderr)
    except (DeployError, AWSError) as error:
        sys.stdout.flush()
        print(f"deploy.sh: {error}", file=sys.stderr)
    except OSError as error:
        print(f"deploy.sh: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndeploy.sh: interrupted. CloudFormation finishes what it has begun; run"
              f" {'./deploy.sh sync' if is_sync else './deploy.sh'} again to follow it.", file=sys.stderr)
        return 130
    return 1


def _run(options: argparse.Namespace) -> int:
    settings = config.load(options.config)
    config.require_no_placeholders(settings, options.config)
    if options.region and options.region != settings.region:
        raise DeployError(f"--region says {options.region}, but the tables are in {settings.region}.",
                          "leave --region out: the tables' ARNs say where the function goes.")
    aws = AWS(profile=options.profile, verbose=options.verbose)
    if options.check:
        return 0 if check.run(aws, settings) else 1
    deploy.require_account(aws, settings)
    if options.delete:
        delete.run(aws, settings, confirmed=options.yes)
    elif options.enable_pitr:
        recovery.run(aws, settings)
    else:
        deploy.run(aws, settings, deploy.Options(dry_run=options.dry_run, zip=options.zip))
    return 0


def _parse() -> argparse.Namespace:
    parser = _Parser(prog="./deploy.sh", epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
                     description="Deploys the DynamoDB backup described by config.json, or updates it.")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="look at everything and change nothing")
    action.add_argument("--enable-pitr", action="store_true", help="turn point-in-time recovery on where it is off")
    action.add_argument("--delete", action="store_true", help="delete everything but the bucket and its backups")
    action.add_argument("--dry-run", action="store_true", help="show what a deployment would change")
    parser.add_argument("--yes", action="store_true", help="do not ask before --delete")
    parser.add_argument("--config", type=Path, default=config.ROOT / "config.json", metavar="FILE",
                        help="settings to use instead of config.json")
    parser.add_argument("--zip", type=Path, metavar="FILE",
                        help="deploy the bootstrap in this zip instead of building one")
    parser.add_argument("--profile", metavar="NAME", help="profile of the AWS configuration")
    parser.add_argument("--region", metavar="REGION", help="must be the tables' region; only checked")
    parser.add_argument("--endpoint-url", metavar="URL", help="AWS endpoint to use, for a local AWS")
    parser.add_argument("--verbose", action="store_true", help="show each AWS call")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
