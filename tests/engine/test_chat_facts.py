"""Lead capture, and what did not happen in a session: decided once, in whatever order."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.occasions import START, TALK, event, fires_at, firings, talk, trigger
from workflows.engine.sessions import IDLE, Session, fold, hear, idle_from
from workflows.engine.triggers.base import Occasion

often = settings(max_examples=30)
CAPTURED = trigger(kind="lead_captured")
MISSED = trigger(kind="missed_inbound_chat_request")
NOT_BOOKED = trigger(kind="meeting_offered_but_not_booked")
CAPTURES = ("email", "book", "rep exchange", "fields", "experience ends", "end")


def test_a_lead_is_captured_exactly_once_in_every_order() -> None:
    for order in permutations(CAPTURES):
        events = talk(order)
        assert len(firings(CAPTURED, events)) == 1, order


@often
@given(
    st.lists(st.sampled_from(sorted(TALK)), max_size=10),
    st.permutations([*CAPTURES, "rep writes", "to rep", "email", "end"]),
)
def test_a_lead_is_captured_exactly_once_however_often_things_happen(
    before: list[str], order: list[str]
) -> None:
    events = talk([*before, *order])
    fired = firings(CAPTURED, events)
    assert [match.key for _, match in fired] == ["session/s1"]


@pytest.mark.parametrize(
    ("spoken", "fires"),
    [
        (["book", "experience ends", "rep exchange", "end"], []),  # no address
        (["email", "rep exchange", "bot"], []),
        (["email", "book"], [2]),
        (["book", "email"], [2]),
        (["email", "rep exchange", "fields", "end"], [3]),  # the fields gate this event alone
        (["email", "fields", "rep writes", "to rep"], [4]),
        (["email", "fields", "AI exchange"], []),
        (["email", "experience ends"], [2]),
        (["email", "rep exchange", "end"], [3]),
        (["end", "email"], [2]),
        (["experience ends", "book", "end", "email", "email"], [4]),
    ],
)
def test_a_lead_is_captured_by_an_address_and_one_of_four_events(
    spoken: list[str], fires: list[int]
) -> None:
    assert fires_at(CAPTURED, *spoken) == fires


@pytest.mark.parametrize(
    ("spoken", "fires"),
    [
        (["asks", "end"], [2]),
        (["asks", "answer", "end"], []),
        (["asks", "rep writes", "end"], []),
        (["asks", "to rep", "end"], [3]),  # writing while nobody is there
        (["asks", "end", "answer", "end"], [2]),  # answered too late
        (["asks 1", "answer 1", "asks 2", "end"], [4]),
        (["asks 1", "asks 2", "answer 1", "end"], [4]),
        (["asks 1", "asks 2", "answer", "end"], []),
        (["answer 1", "asks 1", "end"], []),  # the answer came first
        (["asks 1", "answer 1", "asks 1", "end"], []),
        (["AI routes", "end"], []),  # not the visitor's own request
        (["end", "asks", "end"], []),
        (["bot", "end"], []),
    ],
)
def test_a_request_is_missed_if_it_is_open_at_the_end(spoken: list[str], fires: list[int]) -> None:
    assert fires_at(MISSED, *spoken) == fires


@pytest.mark.parametrize(
    ("spoken", "fires"),
    [
        (["offer", "end"], [2]),
        (["offer", "book", "end"], []),
        (["offer", "end", "book", "end"], [2]),  # booked too late
        (["offer", "offer", "end"], [3]),
        (["end", "offer", "end"], []),
        (["bot", "end"], []),
    ],
)
def test_an_offer_came_to_nothing_if_there_is_no_booking_at_the_end(
    spoken: list[str], fires: list[int]
) -> None:
    assert fires_at(NOT_BOOKED, *spoken) == fires


@often
@given(st.lists(st.sampled_from(sorted(TALK)), max_size=14), st.sampled_from([MISSED, NOT_BOOKED]))
def test_an_absence_fires_at_most_once(spoken: list[str], absence: object) -> None:
    chosen = MISSED if absence is MISSED else NOT_BOOKED
    fired = firings(chosen, talk(spoken))
    assert len(fired) <= 1
    assert all(event_id == f"e{spoken.index('end') + 1}" for event_id, _ in fired)


def test_events_that_arrive_late_are_folded_as_they_happened() -> None:
    offer, book, end = talk(["offer", "book", "end"])
    in_the_last_second = book.model_copy(update={"at": end.at})
    assert "meeting_booked" in {n.fact for n in fold("s1", [end, in_the_last_second]).facts}
    session = fold("s1", [end, offer, in_the_last_second])
    assert NOT_BOOKED.matches(Occasion(end, session=session)) is None
    too_late = book.model_copy(update={"at": end.at + timedelta(seconds=1)})
    session = fold("s1", [too_late, end, offer])
    assert NOT_BOOKED.matches(Occasion(end, session=session)) is not None


def test_an_event_that_comes_again_changes_nothing() -> None:
    once = fold("s1", talk(["asks", "bot", "email", "offer"]))
    assert fold("s1", talk(["asks", "bot", "email", "offer"]) * 2) == once


def test_a_session_survives_json() -> None:
    session = fold("s1", talk(["asks 1", "AI exchange", "end", "email"]))
    assert Session.model_validate_json(session.model_dump_json()) == session


def test_events_of_another_session_or_of_none_of_its_kinds_are_left_out() -> None:
    session = Session(id="s2")
    assert [hear(session, one) for one in talk(["bot", "email"])] == [session, session]
    assert hear(session, event("clicked")) is session
    nonsense = event("message", party="nobody", by="somebody")
    assert hear(session, nonsense).facts == ()


def test_a_session_that_falls_silent_counts_as_ended() -> None:
    session = fold("s1", talk(["start", "bot"]))
    assert idle_from(session) == START + timedelta(minutes=2) + IDLE
    assert idle_from(session, timedelta(minutes=5)) == START + timedelta(minutes=7)
    assert idle_from(hear(session, talk(["email"])[0])) == idle_from(session)  # it came late
    assert idle_from(Session(id="s1")) is None
    ended = fold("s1", talk(["bot", "end"]))
    assert ended.is_over
    assert idle_from(ended) is None
