"""The one error that reaches the user."""

from __future__ import annotations


class DeployError(Exception):
    """Something the user has to know about: what failed, on what, and what to do next, in one line."""

    def __init__(self, what: str, next_step: str = "") -> None:
        self.what = " ".join(what.split())
        self.next_step = " ".join(next_step.split())
        super().__init__(self.what)

    def __str__(self) -> str:
        return f"{self.what} Next: {self.next_step}" if self.next_step else self.what


class Declined(Exception):
    """The user answered no."""
