"""The sample campaign for those who watch: seconds where it waits days, at any hour."""

from __future__ import annotations

from collections.abc import Mapping

_QUICK: Mapping[str, str] = {
    "for: 3 days ": "for: 8 seconds ",
    "for: 5 days ": "for: 8 seconds ",
    "timeout: 1 week ": "timeout: 6 seconds ",
    "retries: 2, after: 1 day": "retries: 2, after: 4 seconds",
    "send_window: {opens: '09:00', closes: '17:00', holidays: [GB]}": "send_window: {always: true}",
}


def hurried(source: str) -> str:
    """The text of the sample with short waits.

    Raises:
        RuntimeError: a wait is written in another way than is known here; says which.
    """
    for earnest, quick in _QUICK.items():
        if source.count(earnest) != 1:
            raise RuntimeError(f"the sample campaign has no single {earnest!r}: see {__name__}")
        source = source.replace(earnest, quick)
    return source
