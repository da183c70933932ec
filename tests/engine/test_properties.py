"""Whatever the automation and whatever the order of the news: promises that always hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.journey import Journey
from workflows.engine.automation import Automation
from workflows.engine.migrating import Migration, migrate, objection
from workflows.engine.state import Close, Perform, Wait

NAMES = ("a", "b", "c", "d")
targets = st.sampled_from(NAMES)
ways = st.none() | targets
CONDITIONS = ({"event": "clicked"}, {"field": "tier", "op": "equals", "value": "gold"})


AT_PLATFORMS: tuple[dict[str, object], ...] = (
    {"kind": "push", "to": "salesforce", "fields": {"LastName": "last_name"}},
    {"kind": "add_to_campaign", "campaign": "701000000000001AAA", "status": "Responded"},
    {"kind": "marketo_status", "status": "Meeting Booked"},
    {"kind": "marketo_program", "program": 1001, "status": "Member"},
    {"kind": "hubspot_timeline_event", "title": "Wrote"},
    {"kind": "hubspot_meeting"},
)


WITH_OTHERS = (
    st.fixed_dictionaries(
        {
            "kind": st.just("approval"),
            "of": st.just("m"),
            "timeout": st.just("4 days"),
            "on_reject": ways,
            "on_timeout": ways,
            "next": ways,
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("outreach_handover"),
            "campaign": st.just(7),
            "timeout": st.just("4 days"),
            "on_answer": ways,
            "on_timeout": ways,
        }
    ),
)
"""Steps that wait for a person, and for another tool."""


WITH_WAYS = (
    st.fixed_dictionaries(
        {
            "kind": st.just("wait_for"),
            "events": st.just(["clicked"]),
            "timeout": st.just("3 days"),
            "on_event": ways,
            "on_timeout": ways,
            "already": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("branch"),
            "arms": st.tuples(targets, st.sampled_from(CONDITIONS)).map(
                lambda arm: [{"when": arm[1], "go_to": arm[0]}]
            ),
            "otherwise": ways,
        }
    ),
)
"""Steps that have several ways on."""


def step(name: str) -> st.SearchStrategy[dict[str, object]]:
    return st.one_of(
        st.fixed_dictionaries(
            {"kind": st.just("send_email"), "template": st.just("t"), "next": ways}
        ),
        st.fixed_dictionaries(
            {"kind": st.just("send_sms"), "text": st.just("Hi"), "otherwise": ways, "next": ways}
        ),
        st.fixed_dictionaries({"kind": st.just("wait"), "for": st.just("1 day"), "next": ways}),
        *WITH_WAYS,
        st.fixed_dictionaries(
            {
                "kind": st.just("http_call"),
                "connection": st.just("crm"),
                "method": st.sampled_from(["GET", "POST"]),
                "answer": st.just({"tier": {"from": "tier"}}),
                "next": ways,
            }
        ),
        st.just({"kind": "track_event", "event": "demo"}),
        st.sampled_from(AT_PLATFORMS),
        *WITH_OTHERS,
        st.just({"kind": "end"}),
    ).map(lambda fields: {"id": name, **fields})


automations = st.tuples(*map(step, NAMES), st.sampled_from(["enrollment", "last_send"])).map(
    lambda parts: Automation.model_validate(
        {
            "id": "spring",
            "name": "Spring",
            "trigger": {"kind": "manual"},
            "campaign": {"engagement_window": "10 days", "counted_from": parts[-1]},
            "steps": (*parts[:-1], {"id": "m", "kind": "send_email", "template": "t"}),
        }
    )
)
ANSWERS: dict[str, dict[str, object]] = {
    "sent": {"state": "sent", "values": {"tier": "gold"}},
    "unknown": {"state": "unknown"},
    "held": {"state": "held", "cause": "feed"},
    "held until": {"state": "held", "cause": "cap", "until": "2026-03-04T09:00:00Z"},
    "refused": {"state": "refused", "cause": "mailbox"},
    "skipped": {"state": "skipped", "cause": "no number"},
}
VERDICTS = ("approved", "rejected")
EVENTS = (
    *("clicked", "out_of_office", "hold_released", "reply", "unsubscribe", "superseded"),
    "sms_opt_out",
)
ORDERS = ("pause", "resume", "retry", "skip", "move_to", "remove")
happenings = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(tuple(ANSWERS))),
    st.tuples(st.just("after"), st.sampled_from(("1 hour", "1 day", "3 days"))),
    st.tuples(st.just("event"), st.sampled_from(EVENTS)),
    st.tuples(st.just("bounce"), targets),
    st.tuples(st.just("review"), st.sampled_from(VERDICTS)),
    st.tuples(st.just("order"), st.sampled_from(ORDERS)),
)
often = settings(max_examples=30)


def play(journey: Journey, what: str, detail: str) -> None:
    if what == "answer" and isinstance(journey.state.wanted, Perform):
        journey.answer(**ANSWERS[detail])
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
    """Time goes by, and once the window is over the gate refuses what is left."""
    for _ in range(4):
        journey.after("40 days")
        if isinstance(journey.state.wanted, Perform):
            journey.answer(state="refused", exit="engagement_window_ended")


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
