"""Faults that a test or a demo orders from the sandbox vendors before they happen.

A point names where in a vendor the fault strikes; the vendor's file lists its points.
Kinds over HTTP (``value`` in brackets):
status (the HTTP status, 503 when missing: refused before anything is done, with a vendor-shaped
body), html (refused with a 503 HTML page), rate_limit (Retry-After in seconds),
slow (seconds before it is handled; clearing the faults ends them), drop (the connection is cut
before anything is done), drop_after_commit (done, then the connection is cut without an answer),
expired_session (Salesforce: a 401; Marketo: 602), lock_row (Salesforce: UNABLE_TO_LOCK_ROW).
Of Marketo, rate_limit is one of its own codes (606 when missing); of HubSpot, the seconds of the
limit that is reached (1, 10, or 86400 for the daily one), and multi_status a refusal under 207.
Kinds over SMTP are documented in ``mail.py``.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered fault: its kind and the number that goes with it."""

    kind: str
    value: float | int | None = None


class Faults:
    """The faults still to come, each used up after ``times`` strikes, oldest order first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: dict[tuple[str, str], list[tuple[Fault, int]]] = {}
        self._kept_waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def set(
        self, vendor: str, point: str, kind: str, times: int = 1, value: float | int | None = None
    ) -> None:
        """Order a fault; it strikes after those ordered earlier for the same point.

        Raises ValueError when ``times`` is less than one.
        """
        if times < 1:
            raise ValueError(f"fault {vendor}/{point}: times must be at least 1, not {times}")
        with self._lock:
            self._ordered.setdefault((vendor, point), []).append((Fault(kind, value), times))

    def take(self, vendor: str, point: str) -> Fault | None:
        """The fault that strikes now, if one was ordered; taking it uses one of its times."""
        with self._lock:
            queue = self._ordered.get((vendor, point))
            if not queue:
                return None
            fault, times = queue.pop(0)
            if times > 1:
                queue.insert(0, (fault, times - 1))
            return fault

    async def keep_waiting(self, seconds: float) -> None:
        """Be slow: for so many seconds, or until the faults are cleared."""
        let_go = asyncio.Event()
        with self._lock:
            self._kept_waiting[let_go] = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                await let_go.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._kept_waiting.pop(let_go, None)

    def clear(self) -> None:
        """Forget every ordered fault, and go on with whatever one keeps waiting."""
        with self._lock:
            self._ordered.clear()
            for let_go, loop in self._kept_waiting.items():
                loop.call_soon_threadsafe(let_go.set)
            self._kept_waiting.clear()

    def pending(self) -> list[dict[str, object]]:
        """What is still to come, as JSON values."""
        with self._lock:
            return [
                {"vendor": vendor, "point": point, "kind": f.kind, "times": n, "value": f.value}
                for (vendor, point), queue in self._ordered.items()
                for f, n in queue
            ]
