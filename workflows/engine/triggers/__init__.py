"""The trigger kinds, one a file. A new kind is a new file and one more line in this list."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import BaseModel, Field

from workflows.engine.triggers.base import Timing
from workflows.engine.triggers.campaign_exited import CampaignExited
from workflows.engine.triggers.chat_requests import (
    InboundChatRequest,
    InboundChatRequestFromAiSdr,
    MissedInboundChatRequest,
)
from workflows.engine.triggers.conversations import (
    ConversationWithAiSdr,
    ConversationWithBot,
    ConversationWithRep,
    ConversationWithRepOrBot,
)
from workflows.engine.triggers.event_added import EventAdded
from workflows.engine.triggers.lead_captured import LeadCaptured
from workflows.engine.triggers.lead_created import LeadCreated
from workflows.engine.triggers.lead_status_changed import LeadStatusChanged
from workflows.engine.triggers.manual import Manual
from workflows.engine.triggers.meetings import (
    MeetingBooked,
    MeetingOffered,
    MeetingOfferedButNotBooked,
)
from workflows.engine.triggers.pounces import (
    AutoPounceReply,
    AutoPounceSent,
    PounceReply,
    PounceSent,
)
from workflows.engine.triggers.scheduled import Scheduled
from workflows.engine.triggers.segments import SegmentAdded, SegmentRemoved
from workflows.engine.triggers.stale_lead import StaleLead

AnyTrigger = Annotated[
    Manual
    | Scheduled
    | LeadCreated
    | LeadStatusChanged
    | StaleLead
    | SegmentAdded
    | SegmentRemoved
    | EventAdded
    | CampaignExited
    | ConversationWithRep
    | ConversationWithBot
    | ConversationWithRepOrBot
    | ConversationWithAiSdr
    | PounceSent
    | PounceReply
    | AutoPounceSent
    | AutoPounceReply
    | InboundChatRequest
    | InboundChatRequestFromAiSdr
    | MissedInboundChatRequest
    | LeadCaptured
    | MeetingOffered
    | MeetingBooked
    | MeetingOfferedButNotBooked,
    Field(discriminator="kind"),
]

KINDS: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model
    for model in get_args(get_args(AnyTrigger)[0])
}
"""Each kind, by the name that authors write."""


def timing_of(trigger: AnyTrigger) -> Timing | None:
    """The timing of a trigger of the chat; None for those that have none."""
    timing: Timing | None = getattr(trigger, "timing", None)
    return timing
