"""jump, ab_split and the goal: where a lead goes on, and what ends its run."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.engine.journey import START, Journey, define
from workflows.engine.events import Event
from workflows.engine.steps.ab_split import AbSplit
from workflows.engine.steps.base import Go, Moment

ROUNDS = """
steps:
- {id: mail, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 1 day}
- {id: again, kind: jump, go_to: mail, at_most: 3}
- {id: told, kind: notify, channel: sales, text: silent}
"""


def test_a_jump_goes_back_until_the_limit_of_visits_and_then_on() -> None:
    journey = Journey(ROUNDS)
    for _ in range(3):
        journey.sent().after("1 day")
    assert journey.doing == "told/1/notify"
    assert [key.split("/", 2)[2] for key in journey.keys[:3]] == [
        f"mail/{visit}/send_email" for visit in (1, 2, 3)
    ]
    assert journey.state.timeline[-1].why == "was there 3 times, at most 3"


def test_a_retry_at_the_target_is_one_more_visit() -> None:
    journey = Journey(ROUNDS).failed("refused").order("retry").sent().after("1 day").sent()
    assert journey.after("1 day").doing == "told/1/notify"


def test_the_limit_holds_across_two_jumps_to_one_step() -> None:
    two = ROUNDS.replace(
        "- {id: told", "- {id: more, kind: jump, go_to: mail, at_most: 4}\n- {id: told"
    )
    journey = Journey(two)
    for _ in range(4):
        journey.sent().after("1 day")
    assert journey.doing == "told/1/notify"


@pytest.mark.parametrize("limit", ["", ", at_most: 0", ", at_most: 1001"])
def test_a_jump_without_a_sensible_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValidationError, match="at_most"):
        define(ROUNDS.replace(", at_most: 3", limit))


SPLIT = AbSplit.model_validate(
    {
        "id": "split",
        "kind": "ab_split",
        "arms": [{"go_to": "a", "weight": 3}, {"go_to": "b"}],
    }
)


def arm_of(lead: str, entry: int = 1, visit: int = 1, step: AbSplit = SPLIT) -> str | None:
    enrollment = f"enrollment:spring:{lead}"
    moment = Moment(enrollment, entry, visit, START, None, {}, frozenset(), 0)
    move = step.enter(moment)
    assert isinstance(move, Go)
    return move.target


@given(st.text(min_size=1), st.integers(1, 9), st.integers(1, 9))
def test_a_lead_takes_the_same_arm_on_every_visit_and_entry(
    lead: str, entry: int, visit: int
) -> None:
    assert arm_of(lead, entry, visit) == arm_of(lead)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(0, 10**6))
def test_arms_get_their_share_of_the_leads(weights: list[int], first: int) -> None:
    arms = [{"go_to": f"s{n}", "weight": weight} for n, weight in enumerate(weights)]
    split = AbSplit.model_validate({"id": "split", "kind": "ab_split", "arms": arms})
    dealt = Counter(arm_of(f"x-{first + n}", step=split) for n in range(1000))
    for number, weight in enumerate(weights):
        assert abs(dealt[f"s{number}"] / 1000 - weight / sum(weights)) < 0.1


def test_two_splits_deal_independently() -> None:
    other = SPLIT.model_copy(update={"id": "other"})
    pairs = {(arm_of(f"x-{n}"), arm_of(f"x-{n}", step=other)) for n in range(100)}
    assert len(pairs) == 4


GOAL = """
goal: {event: bought, stops: STOPS}
steps:
- {id: rest, kind: wait, for: 30 days}
- {id: mail, kind: send_email, template: hello}
"""


def test_a_goal_that_stops_ends_a_wait_at_once() -> None:
    journey = Journey(GOAL.replace("STOPS", "true")).after("2 days").event("bought")
    assert journey.exit == "goal_reached"
    assert journey.now == journey.state.timeline[-1].at


def test_a_goal_that_does_not_stop_is_noted_and_the_run_goes_on() -> None:
    journey = Journey(GOAL.replace("STOPS", "false")).event("bought")
    assert journey.state.timeline[-1].what == "goal reached"
    assert journey.after("30 days").doing == "mail/1/send_email"


@pytest.mark.parametrize(
    ("stops", "kind", "exit_reason"),
    [(True, "bought", "goal_reached"), (True, "sold", None), (False, "bought", None)],
)
def test_only_the_goals_own_event_ends_a_run(
    stops: bool, kind: str, exit_reason: str | None
) -> None:
    automation = define(GOAL.replace("STOPS", str(stops).lower()))
    assert automation.exit_by(Event(id="e", kind=kind, at=START)) == exit_reason


def test_another_stop_is_stronger_than_a_goal_by_the_same_event() -> None:
    both = GOAL.replace("STOPS", "true").replace("bought", "unsubscribe")
    assert Journey(both).event("unsubscribe").exit == "unsubscribed"
