"""The step kinds, one a file. A new kind is a new file, imported here and named in the list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workflows.engine.steps.ab_split import AbSplit
from workflows.engine.steps.add_to_campaign import AddToCampaign
from workflows.engine.steps.approval import Approval
from workflows.engine.steps.assign import Assign
from workflows.engine.steps.branch import Branch
from workflows.engine.steps.create_event import CreateEvent
from workflows.engine.steps.create_note import CreateNote
from workflows.engine.steps.create_task import CreateTask
from workflows.engine.steps.end import End
from workflows.engine.steps.goal import ReachGoal
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.hubspot_meeting import HubspotMeeting
from workflows.engine.steps.hubspot_timeline_event import HubspotTimelineEvent
from workflows.engine.steps.jump import Jump
from workflows.engine.steps.marketo_program import MarketoProgram
from workflows.engine.steps.marketo_status import MarketoStatus
from workflows.engine.steps.notify import Notify
from workflows.engine.steps.outreach_handover import OutreachHandover
from workflows.engine.steps.push import Push
from workflows.engine.steps.send_email import SendEmail
from workflows.engine.steps.send_sms import SendSms
from workflows.engine.steps.set_field import SetField
from workflows.engine.steps.track_event import TrackEvent
from workflows.engine.steps.update_stage import UpdateStage
from workflows.engine.steps.wait import Wait
from workflows.engine.steps.wait_for import WaitFor
from workflows.engine.steps.wait_until import WaitUntil

AnyStep = Annotated[
    SendEmail
    | SendSms
    | Wait
    | WaitFor
    | WaitUntil
    | Approval
    | OutreachHandover
    | Branch
    | Jump
    | AbSplit
    | UpdateStage
    | SetField
    | Assign
    | CreateTask
    | CreateEvent
    | CreateNote
    | Push
    | AddToCampaign
    | MarketoStatus
    | MarketoProgram
    | HubspotTimelineEvent
    | HubspotMeeting
    | Notify
    | HttpCall
    | TrackEvent
    | ReachGoal
    | End,
    Field(discriminator="kind"),
]
