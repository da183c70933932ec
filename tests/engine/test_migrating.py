"""Leads in flight that move to another version: whose place is kept, who moves on, who waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engine.journey import Journey, define
from tests.engine.situations import CAMPAIGN, SITUATIONS
from workflows.engine.automation import Automation
from workflows.engine.migrating import Migration, landing, migrate, objection, place_of
from workflows.engine.state import Perform, Wait

MINI = """
steps:
- {id: a, kind: wait, for: 3 days}
- {id: b, kind: send_email, template: hello}
- {id: c, kind: wait, for: 3 days}
"""


def steps(*ids_and_kinds: str) -> Automation:
    """An automation of waits (w), mails (m) and ends (e): ``steps("a:w", "b:m")``."""
    more = {
        "w": {"kind": "wait", "for": "3 days"},
        "m": {"kind": "send_email", "template": "hello"},
        "e": {"kind": "end"},
    }
    listed = [{"id": one[:-2]} | more[one[-1]] for one in ids_and_kinds]
    return define(f"steps: {listed}")


def moved(journey: Journey, new: Automation, **more: Any) -> Journey:
    """The journey, in the new version; it must be allowed."""
    migration = Migration(version=2, definition=new, **more)
    assert objection(journey.automation, journey.state, migration) == ""
    state = migrate(journey.automation, journey.state, migration, journey.now)
    journey.automation = new
    return journey._keep(state)


def refusal(journey: Journey, new: Automation, **more: Any) -> str:
    """Why a lead cannot move there."""
    migration = Migration(version=2, definition=new, **more)
    return objection(journey.automation, journey.state, migration)


@pytest.mark.parametrize(
    ("old", "new", "renamed", "expected"),
    [
        (("a:w", "b:w"), ("a:w", "x:m", "b:w"), {}, ("keeps", "a")),
        (("a:w", "b:w"), ("z:w", "b:w"), {"a": "z"}, ("keeps", "z")),
        (("a:w", "b:w"), ("b:w",), {}, ("moves", "b")),
        (("a:w", "b:w", "c:w"), ("y:w", "c:w"), {"b": "y"}, ("moves", "y")),
        (("a:w", "b:w"), ("a:m", "b:w"), {}, ("moves", "a")),
        (("a:w", "b:w"), ("b:w", "m:m"), {"a": "m"}, ("moves", "m")),
        (("a:w", "b:w"), ("x:w",), {}, ("lost", "")),
        (("a:w", "b:e", "c:w"), ("c:w",), {}, ("lost", "")),
        (("a:w", "b:e"), ("b:e",), {}, ("moves", "b")),
    ],
)
def test_where_a_lead_at_the_first_step_lands(
    old: tuple[str, ...], new: tuple[str, ...], renamed: dict[str, str], expected: tuple[str, str]
) -> None:
    place = landing(steps(*old), steps(*new), "a", renamed)
    assert (place.how, place.step) == expected


def test_a_lead_that_waits_keeps_its_timer_and_then_follows_the_new_version() -> None:
    journey = Journey(MINI).after("1 day")
    before = journey.state.wanted
    moved(journey, steps("a:w", "x:m", "b:m"))
    assert journey.state.wanted == before
    assert journey.after("2 days").doing == "x/1/send_email"


@pytest.mark.parametrize("name", SITUATIONS)
def test_moving_to_the_same_steps_changes_nothing_wherever_the_lead_is(name: str) -> None:
    journey = SITUATIONS[name]()
    wanted, step, hold = journey.state.wanted, journey.state.step, journey.state.hold
    same = journey.automation.model_copy(update={"name": "The same"})
    if "resend" in name:
        assert "sent again" in refusal(journey, same)
        return
    moved(journey, same)
    assert (journey.state.wanted, journey.state.step, journey.state.hold) == (wanted, step, hold)


def test_a_lead_whose_step_is_gone_moves_on_as_a_visit_of_its_own() -> None:
    journey = moved(Journey(MINI), steps("b:m", "c:w"))
    assert (journey.doing, journey.state.visits) == ("b/1/send_email", {"a": 1, "b": 1})
    assert "moved to version 2" in [line.what for line in journey.state.timeline]


def test_who_is_paused_stays_paused_where_it_moves_to() -> None:
    journey = moved(Journey(MINI).order("pause"), steps("b:m", "c:w"))
    assert (journey.doing, journey.keys) == ("wait for paused", [])
    assert journey.order("resume").doing == "b/1/send_email"


def test_visits_count_on_under_a_new_name_and_back() -> None:
    journey = moved(Journey(MINI), steps("z:w", "b:m"), renamed={"a": "z"})
    assert journey.state.visits == {"a": 1, "z": 1}
    moved(journey, define(MINI), renamed={"z": "a"})
    assert (journey.state.step, journey.state.visits) == ("a", {"a": 1, "z": 1})


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (steps("x:w"), "say where to with --map a=STEP"),
        (steps("a:w").model_copy(update={"id": "autumn"}), "another automation, center or lane"),
        (steps("a:w").model_copy(update={"center": "north"}), "another automation, center or lane"),
    ],
)
def test_a_lead_that_cannot_move_stays_and_the_reason_is_said(new: Automation, said: str) -> None:
    assert said in refusal(Journey(MINI), new)


def test_what_is_being_carried_out_is_not_taken_away() -> None:
    sending = Journey(MINI).after("3 days")
    assert "is being carried out" in refusal(sending, steps("a:w", "c:w"))
    moved(sending, steps("a:w", "b:m", "y:w"))
    assert sending.sent().state.step == "y"


def test_a_held_mail_keeps_its_key_and_gets_the_new_text_but_no_new_name() -> None:
    held = Journey(MINI).after("3 days").failed("retries used up")
    assert "under that name" in refusal(held, steps("a:w", "z:m"), renamed={"b": "z"})
    new = define(MINI.replace("hello", "better"))
    moved(held, new).order("retry")
    assert held.doing == "b/2/send_email"
    gated = Journey(MINI).after("3 days").answer(state="held", cause="feed")
    moved(gated, new)
    hold = gated.state.hold
    assert hold
    assert isinstance(hold.suspended, Perform)
    assert hold.suspended.effect.key.endswith("b/1/send_email")
    assert hold.suspended.effect.model_dump()["template"] == "better"


@pytest.mark.parametrize(("days", "then"), [(60, "wait for step"), (20, "exit")])
def test_another_engagement_window_counts_from_the_same_beginning(days: int, then: str) -> None:
    text = CAMPAIGN.replace(
        "id: rest, kind: wait, for: 3 days", "id: rest, kind: wait, for: 50 days"
    )
    journey = Journey(text).sent()
    assert isinstance(journey.state.wanted, Wait)
    assert journey.state.wanted.ends == "window"
    before = journey.state.window_ends
    moved(journey, define(text.replace("30 days", f"{days} days")))
    assert journey.state.window_ends is not None
    assert before is not None
    assert journey.state.window_ends - before == timedelta(days=days - 30)
    assert journey.after("25 days").doing.startswith(then)


def test_values_that_only_the_new_version_looks_at_come_along() -> None:
    branch = (
        "{id: c, kind: branch, arms: [{when: {field: size, op: at_least, value: 9}, go_to: a}]}"
    )
    new = define(f"steps: [{{id: b, kind: wait, for: 1 day}}, {branch}, {{id: a, kind: end}}]")
    journey = Journey(MINI, {"other": 1})
    moved(journey, new, values={"size": 10}, renamed={"a": "b"})
    assert journey.state.values == {"size": 10}


def test_a_move_that_is_taken_back_leaves_the_lead_in_its_old_wait() -> None:
    journey = Journey(MINI).after("1 day")
    place, before = place_of(journey.state), journey.state.wanted
    moved(journey, steps("c:w"))
    assert journey.state.step == "c"
    moved(journey, define(MINI), back=place)
    after = journey.state.wanted
    assert isinstance(before, Wait)
    assert isinstance(after, Wait)
    assert (journey.state.step, after.until) == ("a", before.until)
    assert journey.after("2 days").keys == ["enrollment:spring:x-1/1/b/1/send_email"]
