"""Whatever the automation and whatever the order of the news: promises that always hold."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.journey import Journey
from tests.engine.random_automations import KINDS, NAMES, automations
from workflows.engine.automation import Automation
from workflows.engine.effects import PlanWait
from workflows.engine.migrating import Migration, migrate, objection
from workflows.engine.state import Close, Perform, Wait
from workflows.engine.steps import AnyStep

ANSWERS: dict[str, dict[str, object]] = {
    "sent": {"state": "sent", "values": {"tier": "gold"}},
    "unknown": {"state": "unknown"},
    "held": {"state": "held", "cause": "feed"},
    "held until": {"state": "held", "cause": "cap", "until": "2026-03-04T09:00:00Z"},
    "refused": {"state": "refused", "cause": "mailbox"},
    "skipped": {"state": "skipped", "cause": "no number"},
}
VERDICTS = ("approved", "rejected")
LOOSENED = {"paused": "resume", "attention": "retry"}
EVENTS = (
    *("clicked", "out_of_office", "hold_released", "reply", "unsubscribe", "superseded"),
    "sms_opt_out",
)
ORDERS = ("pause", "resume", "retry", "skip", "move_to", "remove")
happenings = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(tuple(ANSWERS))),
    st.tuples(st.just("after"), st.sampled_from(("1 hour", "1 day", "3 days"))),
    st.tuples(st.just("event"), st.sampled_from(EVENTS)),
    st.tuples(st.just("bounce"), st.sampled_from(NAMES)),
    st.tuples(st.just("review"), st.sampled_from(VERDICTS)),
    st.tuples(st.just("order"), st.sampled_from(ORDERS)),
)
often = settings(max_examples=30)
DAY = timedelta(days=1)
MOST_ROUNDS = 200


def test_every_kind_of_step_is_among_the_random_ones() -> None:
    union, _ = get_args(AnyStep)
    kinds = [get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(union)]
    assert sorted(KINDS) == sorted(kinds)


def play(journey: Journey, what: str, detail: str) -> None:
    wanted = journey.state.wanted
    if what == "answer" and isinstance(wanted, Perform):
        day = {"until": journey.now + DAY} if isinstance(wanted.effect, PlanWait) else {}
        journey.answer(**ANSWERS[detail] | (day if detail == "sent" else {}))
    elif what == "after":
        journey.after(detail)
    elif what == "event":
        journey.event(detail)
    elif what == "bounce":
        journey.event("bounce", type="soft", step=detail)
    elif what == "review":
        step = journey.state.step
        visit = journey.state.visits.get(step, 0)
        journey.event("review_decided", step=step, visit=visit, verdict=detail)
    elif what == "order":
        journey.order(detail, target="c")


def end(journey: Journey) -> None:
    """Time goes by, every answer is "sent", and whoever is held is let go on."""
    for _ in range(MOST_ROUNDS):
        state = journey.state
        if journey.exit:
            return
        if isinstance(state.wanted, Perform):
            play(journey, "answer", "sent")
        elif state.hold and state.hold.cause in LOOSENED:
            journey.order(LOOSENED[state.hold.cause])
        elif state.hold and not state.hold.until:
            journey.event("hold_released")
        else:
            journey.after("1 day")


@often
@given(automations, st.lists(happenings, max_size=14))
def test_an_enrollment_wants_something_until_it_has_ended_and_it_does_end(
    automation: Automation, news: list[tuple[str, str]]
) -> None:
    journey = Journey(automation)
    for what, detail in news:
        play(journey, what, detail)
        assert journey.state.wanted
        assert isinstance(journey.state.wanted, Wait) or not journey.state.hold
    end(journey)
    assert journey.exit
    assert journey.closed().state.wanted is None


@often
@given(automations, st.lists(happenings, max_size=14), st.lists(happenings, max_size=6))
def test_after_a_stop_nothing_is_sent_and_the_exit_stays_the_same(
    automation: Automation, before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    journey = Journey(automation)
    for what, detail in before:
        play(journey, what, detail)
    stopped = journey.event("unsubscribe").state.wanted
    assert isinstance(stopped, Close)
    for what, detail in after:
        play(journey, what, detail)
        assert journey.state.wanted == stopped


@often
@given(automations, st.lists(happenings, max_size=20))
def test_what_was_done_is_never_asked_for_again_and_a_key_means_one_thing(
    automation: Automation, news: list[tuple[str, str]]
) -> None:
    journey = Journey(automation)
    asked: dict[str, object] = {}
    done: set[str] = set()
    serial = 0
    for what, detail in news:
        wanted = journey.state.wanted
        if isinstance(wanted, Perform):
            assert wanted.effect.key not in done
            assert asked.setdefault(wanted.effect.key, wanted.effect) == wanted.effect
            if (what, detail) in [("answer", "sent"), ("answer", "unknown")]:
                done.add(wanted.effect.key)
        assert journey.serial >= serial
        serial = journey.serial
        play(journey, what, detail)


@often
@given(automations, automations, st.lists(happenings, max_size=14), st.integers(1, 4))
def test_who_is_moved_between_versions_is_asked_for_nothing_twice_and_ends(
    first: Automation, second: Automation, news: list[tuple[str, str]], every: int
) -> None:
    journey = Journey(first)
    versions, done = [second, first], set[str]()
    for number, (what, detail) in enumerate(news):
        wanted = journey.state.wanted
        if isinstance(wanted, Perform):
            assert wanted.effect.key not in done
            if (what, detail) in [("answer", "sent"), ("answer", "unknown")]:
                done.add(wanted.effect.key)
        play(journey, what, detail)
        migration = Migration(version=number, definition=versions[0])
        ended = bool(journey.exit)
        if (
            number % every == 0
            and not ended
            and not objection(journey.automation, journey.state, migration)
        ):
            moved = migrate(journey.automation, journey.state, migration, journey.now)
            journey.automation = versions[0]
            journey._keep(moved)
            versions.reverse()
    end(journey)
    assert journey.exit
