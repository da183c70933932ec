"""The automations that are measured, and the leads that go through them."""

from __future__ import annotations

import yaml

from activities.ledger import Ledger
from activities.ledger.admissions import Request, admit
from activities.ledger.leads import new_lead
from activities.ledger.publishing import TemplateText, publish, set_state
from benchmarks.rig import Rig
from workflows.contracts import Start
from workflows.engine.automation import Automation

TEMPLATES = ("intro", "follow_up", "last_note")

CANONICAL = """
id: canonical
name: Canonical journey
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days, send_window: {{always: true}}}}
steps:
- {{id: send_1, kind: send_email, template: intro}}
- {{id: wait, kind: wait, for: {wait}}}
- {{id: visited, kind: branch, arms: [{{when: {{event: visited}}, go_to: end}}]}}
- {{id: send_2, kind: send_email, template: follow_up}}
- {{id: reply, kind: wait_for, events: [reply], timeout: {reply}}}
- {{id: send_3, kind: send_email, template: last_note}}
- {{id: end, kind: end}}
"""

SHORT = """
id: short
name: Short journey
trigger: {kind: manual}
campaign: {engagement_window: 30 days, send_window: {always: true}}
steps:
- {id: send_1, kind: send_email, template: intro}
- {id: wait, kind: wait, for: 1 second}
- {id: visited, kind: branch, arms: [{when: {event: visited}, go_to: end}]}
- {id: send_2, kind: send_email, template: follow_up}
- {id: end, kind: end}
"""

FOOT = "\n\n{{ unsubscribe_url }}\n{{ sender.postal_address }}\n"
TEXTS = {
    "intro": "Hello {{ lead.first_name }},\n\nwould a look at our readings be useful to you?",
    "follow_up": "Hello {{ lead.first_name }},\n\nhow do you watch your rock faces today?",
    "last_note": "Hello {{ lead.first_name }},\n\nI will not write again about this.",
}


def canonical(wait: str = "1 day", reply: str = "7 days") -> str:
    """The canonical journey as YAML text, with waits as long as asked for."""
    return CANONICAL.format(wait=wait, reply=reply)


async def put_live(ledger: Ledger, source: str) -> Automation:
    """Publish and enable an automation given as YAML text."""
    automation = Automation.model_validate(yaml.safe_load(source))
    texts = [TemplateText(name, f"About {name}", text + FOOT, None) for name, text in TEXTS.items()]
    await publish(ledger, automation, source, texts, "benchmarks")
    await set_state(ledger, automation.id, "enabled", "benchmarks")
    return automation


async def let_in(rig: Rig, automation: str, lead: str) -> Start:
    """Admit a lead, without which the gate lets no mail pass; the input of its workflow."""
    fields = {"email": f"{lead.lower()}@example.com", "first_name": "Grace"}
    request = Request(automation, new_lead(rig.ledger, "default", fields, lead), f"bench:{lead}")
    async with rig.ledger.transaction() as tx:
        answer = await admit(rig.ledger, tx, request, rig.connections)
    if answer.start is None:
        raise RuntimeError(f"{lead} was not let in: {answer.refused}")
    return answer.start
