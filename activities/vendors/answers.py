"""How a vendor answers what was asked of it: with a receipt, or in one of three ways of failing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

HandOver = Callable[[], Awaitable[None]]
"""Awaited right before the point of no return; what it raises stops the call before it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that the vendor did what was asked: its own reference for it (no personal data).

    ``note`` is a word on how, for the timeline: created, updated.
    """

    reference: str
    note: str = ""


class VendorFailure(Exception):
    """A vendor did not confirm what was asked. Messages hold codes, never personal data."""

    def __init__(self, vendor: str, code: str, message: str) -> None:
        super().__init__(f"{vendor}: {code}: {message}")
        self.vendor = vendor
        self.code = code


class NotYet(VendorFailure):
    """Surely not done, and worth another try, after ``retry_after`` if the vendor named a time."""

    def __init__(
        self, vendor: str, code: str, message: str, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(vendor, code, message)
        self.retry_after = retry_after


class Never(VendorFailure):
    """Surely not done, and no retry will change that: a person must mend something first."""


class NoSuchMailbox(Never):
    """The mail server said for good that there is no such recipient (RFC 5321, 4.2.3)."""


class NoSuchNumber(Never):
    """The vendor of text messages said for good that nothing can be sent to this number."""


class OptedOut(Never):
    """The vendor itself refuses: whoever has this number has answered STOP."""


class Unclear(VendorFailure):
    """Perhaps done: the answer was lost. Retried only where the call can be repeated safely."""
