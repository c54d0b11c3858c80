"""Runs /var/task/bootstrap in another root file system as the user nobody. Stands in for the sandbox that Lambda makes.

enter_root.py ROOT
"""

from __future__ import annotations

import os
import sys

NOBODY = 65534


def main() -> None:
    os.chroot(sys.argv[1])
    os.chdir("/var/task")
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    os.execve("/var/task/bootstrap", ["/var/task/bootstrap"], dict(os.environ))


if __name__ == "__main__":
    main()
