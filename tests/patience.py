"""Waiting in tests: for what is to come, as long as a loaded machine may need, and not longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE = 90
"""Seconds. An activity task that a stopping worker had just been given is retried after 30."""

PAUSE = 0.05
"""Seconds between two looks."""

T = TypeVar("T")


async def until(
    look: Callable[[], Awaitable[T]],
    wanted: Callable[[T], object] = bool,
    patience: float = PATIENCE,
) -> T:
    """Look again and again until what is seen is as wanted; that.

    Raises AssertionError after ``patience`` seconds, with what was seen last.
    """
    seen: object = "nothing yet: the first look has not ended"
    limit = asyncio.timeout(patience)
    try:
        async with limit:
            while not wanted(found := await look()):
                seen = found
                await asyncio.sleep(PAUSE)
            return found
    except TimeoutError:
        if not limit.expired():
            raise
        raise AssertionError(f"not within {patience} s; seen last: {seen}") from None


def until_blocking(
    look: Callable[[], T], wanted: Callable[[T], object] = bool, patience: float = PATIENCE
) -> T:
    """The same where there is no event loop, or where nothing else has to happen in it."""
    deadline = time.monotonic() + patience
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, f"not within {patience} s; seen last: {seen}"
        time.sleep(PAUSE)
    return seen
