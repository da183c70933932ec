"""Random automations: every kind of step, with and without a campaign, as the loop checks allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from starters.definitions.step_graph import loops_without_wait
from starters.definitions.way_checks import loops_that_nothing_ends
from workflows.engine.automation import Automation

NAMES = ("a", "b", "c", "d")
Steps = st.SearchStrategy[dict[str, Any]]
CONDITIONS = (
    {"event": "clicked"},
    {"field": "tier", "op": "equals", "value": "gold"},
    {"field": "vip", "op": "equals", "value": True},
)
MAIL = {"template": "t"}
PLAIN: Mapping[str, Mapping[str, Any]] = {
    "send_email": MAIL,
    "wait": {"for": "1 day"},
    "track_event": {"event": "demo"},
    "set_field": {"field": "tier", "value": "gold"},
    "update_stage": {"stage": "Warm"},
    "assign": {"pool": "sales"},
    "notify": {"channel": "sales", "text": "look"},
    "create_task": {"subject": "Call"},
    "create_event": {"subject": "Demo", "in_days": 1, "at": "10:00"},
    "create_note": {"text": "hello"},
    "push": {"to": "salesforce", "fields": {"LastName": "last_name"}},
    "add_to_campaign": {"campaign": "701000000000001AAA", "status": "Responded"},
    "marketo_status": {"status": "Meeting Booked"},
    "marketo_program": {"program": 1001, "status": "Member"},
    "hubspot_timeline_event": {"title": "Wrote"},
    "hubspot_meeting": {},
    "http_call": {"connection": "crm", "method": "POST", "answer": {"tier": {"from": "tier"}}},
}
"""Steps that have one way on."""
LAST: Mapping[str, Mapping[str, Any]] = {"goal": {}, "end": {}}


def with_ways(targets: st.SearchStrategy[str]) -> Mapping[str, Mapping[str, Any]]:
    """Steps that have several ways on, some of them to ``targets``."""
    ways, when = st.none() | targets, st.sampled_from(CONDITIONS)
    arm, share = st.fixed_dictionaries({"when": when, "go_to": targets}), {"go_to": targets}
    days = st.sampled_from([{"weekdays": ["mon"]}, {"date": "2026-03-04"}, {"field": "due"}])
    return {
        "send_sms": {"text": "Hi", "otherwise": ways},
        "wait_for": {
            "events": ["clicked"],
            "when": st.none() | when,
            "timeout": "3 days",
            "on_event": ways,
            "on_timeout": ways,
            "already": st.booleans(),
        },
        "wait_until": {"": days},
        "branch": {"arms": st.tuples(arm), "otherwise": ways},
        "ab_split": {"arms": st.tuples(*[st.fixed_dictionaries(share)] * 2)},
        "jump": {"go_to": targets, "at_most": st.integers(1, 3)},
        "approval": {"of": "m", "timeout": "4 days", "on_reject": ways, "on_timeout": ways},
        "outreach_handover": {
            "campaign": 7,
            "timeout": "4 days",
            "on_answer": ways,
            "on_timeout": ways,
        },
    }


KINDS = (*PLAIN, *LAST, *with_ways(st.just("a")))


def step(name: str) -> Steps:
    """A step of any kind. Most ways lead onward, so that the checks refuse few automations."""
    anywhere = st.sampled_from((*NAMES, "m"))
    onward = st.sampled_from((*NAMES[NAMES.index(name) + 1 :], "m", "m"))
    back = {kind: with_ways(anywhere)[kind] for kind in ("jump", "wait_for")}
    some = [_of(name, *one, onward) for one in ({**with_ways(onward), **back}).items()]
    others = [_of(name, kind, fields, onward) for kind, fields in {**PLAIN, **LAST}.items()]
    often = [_of(name, "wait", PLAIN["wait"], anywhere), _of(name, "send_email", MAIL, onward)]
    return st.one_of(*some, *often, st.one_of(others).map(dict))  # mapped, it counts as one


def _of(name: str, kind: str, fields: Mapping[str, Any], targets: st.SearchStrategy[str]) -> Steps:
    drawn = {
        key: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for key, value in fields.items()
    }
    follows = st.none() if kind in LAST else st.none() | targets
    whole = {"id": st.just(name), "kind": st.just(kind), "next": follows, **drawn}
    return st.fixed_dictionaries(whole).map(_flat)


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = fields.pop("", {})
    return fields | inner


CAMPAIGNS = (
    None,
    {"engagement_window": "10 days"},
    {"engagement_window": "10 days", "counted_from": "last_send"},
)


def is_accepted(automation: Automation) -> bool:
    """Whether the checks of loops would let it be published."""
    return not (*loops_without_wait(automation), *loops_that_nothing_ends(automation))


automations = (
    st.tuples(*map(step, NAMES), st.sampled_from(CAMPAIGNS))
    .map(
        lambda parts: Automation.model_validate(
            {
                "id": "spring",
                "name": "Spring",
                "trigger": {"kind": "manual"},
                "campaign": parts[-1],
                "steps": (*parts[:-1], {"id": "m", "kind": "send_email", "template": "t"}),
            }
        )
    )
    .filter(is_accepted)
)
