"""One lead in one automation, as a rehearsal keeps it: the engine's state and its admission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from activities.ledger.connections import CenterConnections
from activities.ledger.leads import Lead
from activities.ledger.publishing import TemplateText
from workflows.contracts import enrollment_id
from workflows.engine.automation import Automation
from workflows.engine.effects import Effect
from workflows.engine.exits import ExitReason
from workflows.engine.semantics import SEMANTICS
from workflows.engine.state import State


@dataclass(frozen=True, slots=True)
class Play:
    """An automation to be rehearsed, with its templates by name. Leads enter at ``begins``.

    ``zone`` is where a lead without a zone is taken to be; ``accounts`` are those of its center.
    """

    automation: Automation
    templates: Mapping[str, TemplateText]
    begins: datetime
    zone: str = "UTC"
    accounts: CenterConnections = field(default_factory=CenterConnections)

    @property
    def priority(self) -> int:
        """Who wins a lane: the higher one; a tie stays."""
        return self.automation.campaign.priority if self.automation.campaign else 0


@dataclass(slots=True)
class UpForReview:
    """The newest review of a step's mail: its words, who asked (step and visit), the decision."""

    words: tuple[JsonValue, ...]
    asked_by: tuple[str, int]
    verdict: str = ""


@dataclass(eq=False, slots=True)
class Case:
    """What the ledger and Temporal would know of one enrollment.

    ``serial`` is that of the wanted thing last taken off; the effect in hand was first
    tried at ``tried_since``; ``pending`` are signals to an entry still in the queue;
    ``written`` is the message of a held effect, good while the lead stays the same. ``reviews``
    are those of the mails, by the step that sends them. ``wave`` is 0 where there are no waves.
    """

    play: Play
    lead: Lead
    admission: Literal["QUEUED", "RUNNING", "SUPERSEDED", "CLOSED"]
    state: State
    stop_reason: ExitReason | None = None
    closed_at: datetime | None = None
    serial: int = 0
    tried_since: datetime | None = None
    first_subject: str = ""
    last_mail: str = ""
    pending: list[dict[str, Any]] = field(default_factory=list)
    written: tuple[Effect, Lead, Mapping[str, JsonValue]] | None = None
    reviews: dict[str, UpForReview] = field(default_factory=dict)
    wave: int = 0

    @classmethod
    def of(cls, play: Play, lead: Lead, now: datetime) -> Case:
        """A case that has not begun."""
        enrollment = enrollment_id(play.automation.id, lead.lead)
        looked_at = play.automation.fields_looked_at
        values = {k: v for k, v in sorted(lead.merge_fields.items()) if k in looked_at}
        blank = State(
            enrollment=enrollment, entry=1, semantics=SEMANTICS, enrolled_at=now, values=values
        )
        return cls(play, lead, "QUEUED", blank)

    @property
    def sender(self) -> str:
        """The mailbox that its mails leave from."""
        campaign = self.play.automation.campaign
        return campaign.sender_for(self.state.enrollment, 1) if campaign else "default"

    @property
    def lane(self) -> tuple[str, str, str]:
        """Where no other enrollment of the person may be: center, lane, person."""
        return (self.lead.center, self.play.automation.lane, self.lead.person)

    @property
    def zone(self) -> str:
        """Where the lead is."""
        return self.lead.zone or self.play.zone
