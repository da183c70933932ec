"""Which automations an event enters a lead into, and why not into the others. Pure.

Only what happens from now on counts: an automation that is enabled today enters nobody for what
happened yesterday, and nobody for being what its trigger or audience describes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pydantic import JsonValue

from workflows.engine.automation import Automation
from workflows.engine.events import Event
from workflows.engine.triggers.base import Match, Occasion, Values

ADDRESSED = frozenset(("schedule_due", "lead_stale"))
"""Kinds of events that concern the one automation that ``data.automation`` names."""

LONGEST_CHAIN = 10
"""Automations that may cause one another in a row, for one lead."""

LONGEST_CAUSE = 255
"""Longer keys are known by their hash."""


@dataclass(frozen=True, slots=True)
class Published:
    """An automation as it is for new leads. ``enabled_at`` is None while it is not enabled."""

    automation: Automation
    enabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event means to an automation: it enters the lead (``match``), or ``why`` not."""

    automation: str
    match: Match | None
    why: str

    @property
    def cause(self) -> str:
        """What the request for admission is known by: two of one cause get one answer.

        Raises:
            ValueError: the event does not enter the lead.
        """
        if self.match is None:
            raise ValueError(f"automation {self.automation!r} is not entered: {self.why}")
        cause = f"{self.automation}/{self.match.key}"
        if len(cause) <= LONGEST_CAUSE:
            return cause
        return f"{self.automation}/{sha256(self.match.key.encode()).hexdigest()}"


def routes(occasion: Occasion, published: Iterable[Published]) -> tuple[Verdict, ...]:
    """The automations that the event enters its lead into, in the order given."""
    verdicts = (judge(occasion, one) for one in published)
    return tuple(verdict for verdict in verdicts if verdict.match)


def judge(occasion: Occasion, published: Published) -> Verdict:
    """Whether the event enters its lead into this automation."""
    automation = published.automation
    match = automation.trigger.matches(occasion)
    why_not = _obstacle(occasion, published)
    if why_not is None and match is None:
        why_not = "not what its trigger waits for"
    if why_not is None and not _in_audience(occasion, automation):
        why_not = "the lead is not in its audience"
    if match is None or why_not is not None:
        return Verdict(automation.id, None, why_not or "")
    return Verdict(automation.id, match, match.why)


def caused_by(event: Event) -> tuple[str, ...]:
    """The automations that an event comes from, first to last: ``data.caused_by``."""
    chain: JsonValue = event.data.get("caused_by")
    return tuple(str(link) for link in chain) if isinstance(chain, list) else ()


def chain_after(event: Event | None, automation: str) -> tuple[str, ...]:
    """What facts of an enrollment carry as ``caused_by``, if ``event`` began the enrollment.

    Without an event, somebody enrolled the lead by hand.
    """
    return (*(caused_by(event) if event else ()), automation)


def _obstacle(occasion: Occasion, published: Published) -> str | None:
    event, automation = occasion.event, published.automation
    chain = caused_by(event)
    if published.enabled_at is None:
        return "it is not enabled"
    if automation.center != occasion.center:
        return f"it belongs to center {automation.center!r}"
    if event.at < published.enabled_at:
        return "the event happened before it was enabled and active"
    if event.kind in ADDRESSED and event.data.get("automation") != automation.id:
        return "the event is meant for another automation"
    if automation.id in chain:
        return f"loop: it caused the event itself, through {' -> '.join(chain)}"
    if len(chain) >= LONGEST_CHAIN:
        return f"loop: {LONGEST_CHAIN} automations have caused one another up to this event"
    return None


def _in_audience(occasion: Occasion, automation: Automation) -> bool:
    audience = automation.audience
    return audience is None or audience.holds(Values(occasion.values))
