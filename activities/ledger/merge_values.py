"""What a mail may say of its lead: its fields, some as the step chose, with its defaults."""

from __future__ import annotations

from pydantic import JsonValue

from activities.ledger.leads import Lead
from workflows.engine.automation import Automation
from workflows.engine.steps.send_email import SendEmail


def merge_values(lead: Lead, automation: Automation, step_id: str) -> dict[str, JsonValue]:
    """The values of ``lead.…`` in the mail of a step. A default of one space is a blank."""
    fields = lead.merge_fields
    values = dict(fields)
    step = automation.step(step_id)
    for tag, chosen in step.merge_tags.items() if isinstance(step, SendEmail) else ():
        value = fields.get(chosen.field or tag)
        values[tag] = chosen.default if value in (None, "") else value
    return values
