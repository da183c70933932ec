"""Which events a step brings about itself, and to which stage it moves the lead."""

from __future__ import annotations

from workflows.engine.steps import AnyStep
from workflows.engine.steps.assign import Assign
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.set_field import SetField
from workflows.engine.steps.update_stage import UpdateStage
from workflows.engine.triggers.lead_status_changed import STAGE

_SENDS = {
    "send_email": "email_sent",
    "send_sms": "sms_sent",
    "outreach_handover": "outreach_sent",
}


def sent_by(step: AnyStep) -> str | None:
    """The kind of event that tells of the messages that a step has sent; None: it sends none."""
    return _SENDS.get(step.kind)


def sets_stage(step: AnyStep) -> bool:
    """Whether it sets the lead's stage: ``set_field`` of that field is ``update_stage`` as well."""
    return isinstance(step, UpdateStage) or (isinstance(step, SetField) and step.field == STAGE)


def stage_moved_to(step: AnyStep) -> str | None:
    """The stage that it moves the lead to; to fill an empty one, or to empty it, is no move."""
    if isinstance(step, UpdateStage):
        return step.stage
    moves = isinstance(step, SetField) and sets_stage(step) and not step.fill_if_empty
    value = step.value if moves and isinstance(step, SetField) else None
    return None if value in (None, "") else str(value)


def changes_lead(step: AnyStep) -> bool:
    """Whether it changes fields of the lead, of which a ``lead_changed`` tells."""
    if isinstance(step, HttpCall):
        return any(taken.save for taken in step.answer.values())
    return isinstance(step, UpdateStage | SetField | Assign)
