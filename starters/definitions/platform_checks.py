"""What steps at the CRM and the marketing platforms need: accounts, fields, and a push before."""

from __future__ import annotations

from collections.abc import Iterator

from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.step_graph import way_past
from workflows.engine.platform_effects import System
from workflows.engine.steps import AnyStep
from workflows.engine.steps.add_to_campaign import AddToCampaign
from workflows.engine.steps.hubspot_meeting import HubspotMeeting
from workflows.engine.steps.hubspot_timeline_event import HubspotTimelineEvent
from workflows.engine.steps.marketo_program import MarketoProgram
from workflows.engine.steps.marketo_status import MarketoStatus
from workflows.engine.steps.push import Push

SETTINGS = {
    "salesforce": "DRIPSTONE_SALESFORCE__USERNAME and __CLIENT_ID",
    "hubspot": "DRIPSTONE_HUBSPOT__TOKEN",
    "marketo": "DRIPSTONE_MARKETO__BASE_URL, __CLIENT_ID and __CLIENT_SECRET",
}


@check("error", "set what the message names, or add the system to the center")
def missing_platforms(draft: Draft) -> Iterator[Found]:
    """Systems that a step needs and that this installation, or the center, does not have."""
    center, here = draft.automation.center if draft.automation else "", draft.connections
    for place, step in draft.steps.items():
        system = system_of(step)
        if system is None or here is None:
            continue
        where = ("steps", place, "to" if isinstance(step, Push) else "kind")
        if system not in here.vendors:
            setting = SETTINGS[system]
            message = f"needs the connection {system!r}, which is not configured: set {setting}"
            yield where, "error", message
        elif center and here.platforms is not None and system not in here.platforms.get(center, {}):
            message = f"center {center!r} has no {system!r} in the connections file: add it there"
            yield where, "error", message


@check("error", "add the field to the writable_fields of the system, or leave it out")
def fields_not_pushable(draft: Draft) -> Iterator[Found]:
    """Fields that a step would write to a system where nobody has allowed it."""
    center = draft.automation.center if draft.automation else ""
    there = draft.connections.platforms if draft.connections else None
    for place, step in draft.steps.items():
        if not isinstance(step, Push) or there is None or not center:
            continue
        writable = there.get(center, {}).get(step.to)
        for field in step.fields:
            if writable is not None and field not in writable:
                message = (
                    f"{field!r} is not among the writable_fields of {step.to} for center "
                    f"{center!r}: add it to the connections file, or leave it out"
                )
                yield ("steps", place, "fields", field), "error", message


@check("error", "add `timeline_template` to hubspot of the center")
def without_timeline_template(draft: Draft) -> Iterator[Found]:
    """Timeline events without the event template that HubSpot asks for."""
    center, here = draft.automation.center if draft.automation else "", draft.connections
    for place, step in draft.steps.items():
        if not isinstance(step, HubspotTimelineEvent) or here is None or here.timelines is None:
            continue
        if center and center not in here.timelines:
            message = (
                f"center {center!r} has no 'timeline_template' for hubspot in the connections "
                "file: HubSpot shows events by a template of an app"
            )
            yield ("steps", place, "kind"), "error", message


@check("error", "put a push step into every way that leads there")
def not_pushed_before(draft: Draft) -> Iterator[Found]:
    """Campaign steps that a lead can come to without having been pushed to Salesforce."""
    for place, step, system, around in _ways_past_a_push(draft):
        if isinstance(step, AddToCampaign):
            message = (
                f"a lead can come here without a push to {system} ({around}): put a push step "
                "into every way that leads here"
            )
            yield ("steps", place, "kind"), "error", message


@check("warning", "put a push step before it, or be sure that the record is known")
def perhaps_not_pushed(draft: Draft) -> Iterator[Found]:
    """Steps at a platform that a lead can come to without having been pushed there."""
    for place, step, system, around in _ways_past_a_push(draft):
        if not isinstance(step, AddToCampaign):
            message = (
                f"a lead can come here without a push to {system} ({around}): one whose record "
                f"there is not known by its field {system}_id needs attention then"
            )
            yield ("steps", place, "kind"), "warning", message


def _ways_past_a_push(draft: Draft) -> Iterator[tuple[int, AnyStep, System, str]]:
    """Steps that need a record, and a way by which a lead comes there without a push."""
    steps = draft.automation.steps if draft.automation else ()
    for place, step in enumerate(steps):
        system = system_of(step)
        if draft.automation is None or system is None or isinstance(step, Push):
            continue
        pushes = {one.id for one in steps if isinstance(one, Push) and one.to == system}
        # What stands in for a step that cannot be read may be a push.
        way = way_past(draft.automation, pushes | draft.unread, step.id)
        if way:
            yield place, step, system, " -> ".join(way)


def system_of(step: AnyStep) -> System | None:
    """The CRM or platform that a step writes to by a connection of the center."""
    if isinstance(step, Push):
        return step.to
    if isinstance(step, AddToCampaign):
        return "salesforce"
    if isinstance(step, MarketoStatus | MarketoProgram):
        return "marketo"
    return "hubspot" if isinstance(step, HubspotTimelineEvent | HubspotMeeting) else None
