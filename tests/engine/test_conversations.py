"""Triggers of conversations: who took part, and when that is decided."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.occasions import TALK, event, fires_at, firings, talk, trigger
from workflows.engine.triggers import AnyTrigger
from workflows.engine.triggers.base import Occasion

often = settings(max_examples=30)
words = st.lists(st.sampled_from(sorted(TALK)), max_size=12)


def asked(party: str, timing: str) -> AnyTrigger:
    return trigger(kind=f"conversation_with_{party}", timing=timing)


# (with whom the visitor talked): which of rep, bot, rep_or_bot, ai_sdr fire
IMMEDIATELY = {
    (): "",
    ("bot",): "bot rep_or_bot",
    ("AI exchange",): "bot rep_or_bot ai_sdr",
    ("rep exchange",): "rep rep_or_bot",
    ("bot", "AI exchange"): "bot rep_or_bot ai_sdr",
    ("bot", "rep exchange"): "rep bot rep_or_bot",
    ("AI exchange", "rep exchange"): "rep bot rep_or_bot ai_sdr",
    ("bot", "AI exchange", "rep exchange"): "rep bot rep_or_bot ai_sdr",
}
AFTER = {
    (): "",
    ("bot",): "bot rep_or_bot",
    ("AI exchange",): "bot rep_or_bot ai_sdr",
    ("rep exchange",): "rep rep_or_bot",
    ("bot", "AI exchange"): "bot rep_or_bot",
    ("bot", "rep exchange"): "rep rep_or_bot",
    ("AI exchange", "rep exchange"): "rep rep_or_bot",
    ("bot", "AI exchange", "rep exchange"): "rep rep_or_bot",
}
PARTIES = ("rep", "bot", "rep_or_bot", "ai_sdr")


@pytest.mark.parametrize(("talked", "party"), list(product(IMMEDIATELY, PARTIES)))
def test_the_truth_table_of_conversations(talked: tuple[str, ...], party: str) -> None:
    for order in permutations(talked):
        spoken = ("start", *order, "end")
        now = fires_at(asked(party, "immediately"), *spoken)
        assert bool(now) is (party in IMMEDIATELY[talked].split())
        assert len(now) <= 1
        later = fires_at(asked(party, "after_conversation"), *spoken)
        assert later == ([len(spoken)] if party in AFTER[talked].split() else [])


@pytest.mark.parametrize(
    ("party", "spoken", "fires"),
    [
        ("rep", ["rep writes", "to rep", "rep writes"], [2]),  # both have written
        ("rep", ["to rep", "to rep", "rep writes"], [3]),
        ("rep", ["rep writes", "end"], []),
        ("rep", ["to rep", "AI writes", "end"], []),
        ("ai_sdr", ["AI writes", "end"], []),  # a greeting is no exchange
        ("ai_sdr", ["AI writes", "to AI", "AI writes"], [2]),
        ("bot", ["bot writes", "end"], []),
        ("bot", ["bot writes", "to bot", "bot"], [2]),
        ("bot", ["AI exchange", "bot"], [1]),
        ("rep_or_bot", ["bot", "AI exchange", "rep exchange"], [1]),
        ("rep_or_bot", ["rep writes", "AI writes", "end"], []),
        ("rep", ["end", "rep exchange"], [2]),
    ],
)
def test_immediately_is_with_the_first_exchange(
    party: str, spoken: list[str], fires: list[int]
) -> None:
    assert fires_at(asked(party, "immediately"), *spoken) == fires


@pytest.mark.parametrize("party", ["bot", "ai_sdr"])
@pytest.mark.parametrize("word", ["rep writes", "to rep", "rep exchange"])
def test_one_message_of_a_rep_negates_solely_though_immediately_has_fired(
    party: str, word: str
) -> None:
    spoken = ["AI exchange", word, "end"]
    assert fires_at(asked(party, "immediately"), *spoken) == [1]
    assert fires_at(asked(party, "after_conversation"), *spoken) == []


def test_what_comes_after_the_end_changes_no_decision() -> None:
    assert fires_at(asked("bot", "after_conversation"), "bot", "end", "rep exchange", "end") == [2]
    assert fires_at(asked("rep", "after_conversation"), "bot", "end", "rep exchange", "end") == []


def test_without_its_session_a_conversation_fires_nothing() -> None:
    for timing in ("immediately", "after_conversation"):
        occasion = Occasion(event("session_ended"))
        assert asked("bot", timing).matches(occasion) is None


@often
@given(words, st.sampled_from(PARTIES), st.sampled_from(["immediately", "after_conversation"]))
def test_a_conversation_fires_at_most_once_a_session(
    spoken: list[str], party: str, timing: str
) -> None:
    fired = firings(asked(party, timing), talk(spoken))
    assert len(fired) <= 1
    assert {match.key for _, match in fired} <= {"session/s1"}
