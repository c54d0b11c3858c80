#!/usr/bin/env bash
# Deploys the DynamoDB backup, or updates it. ./deploy.sh --help says how; the logic is in infrastructure/backup_deploy.
set -euo pipefail

root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"

# Says what is missing and how to get it, all at once.
missing=()
if ! command -v python3 >/dev/null; then
    missing+=("python3 (Debian: sudo apt-get install python3; Amazon Linux: sudo dnf install python3)")
elif ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
    missing+=("python3 3.9 or later (found $(python3 --version 2>&1))")
fi
if ! command -v aws >/dev/null; then
    missing+=("aws, the AWS CLI (Debian: sudo apt-get install awscli; Amazon Linux: sudo dnf install awscli; anywhere: pip install awscli)")
fi
if ((${#missing[@]} > 0)); then
    printf 'deploy.sh: missing: %s\n' "${missing[@]}" >&2
    exit 1
fi

export PYTHONPATH="$root/infrastructure${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m backup_deploy "$@"
