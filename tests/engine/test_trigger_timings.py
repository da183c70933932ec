"""The fifteen triggers of the chat and their two timings: nineteen pairs are legal."""

from __future__ import annotations

from itertools import product

import pytest
from pydantic import ValidationError

from tests.engine.occasions import trigger
from workflows.engine.triggers import KINDS, timing_of
from workflows.engine.triggers.base import TIMINGS

LEGAL = {
    "conversation_with_rep": ("immediately", "after_conversation"),
    "conversation_with_bot": ("immediately", "after_conversation"),
    "conversation_with_rep_or_bot": ("immediately", "after_conversation"),
    "conversation_with_ai_sdr": ("immediately", "after_conversation"),
    "pounce_sent": ("immediately",),
    "pounce_reply": ("immediately",),
    "auto_pounce_sent": ("immediately",),
    "auto_pounce_reply": ("immediately",),
    "inbound_chat_request": ("immediately",),
    "inbound_chat_request_from_ai_sdr": ("immediately",),
    "missed_inbound_chat_request": ("after_conversation",),
    "lead_captured": ("immediately",),
    "meeting_offered": ("immediately",),
    "meeting_booked": ("immediately",),
    "meeting_offered_but_not_booked": ("after_conversation",),
}
REASONS = {
    "pounce_sent": "no end of one to wait for",
    "pounce_reply": "no end of one to wait for",
    "auto_pounce_sent": "no end of one to wait for",
    "auto_pounce_reply": "no end of one to wait for",
    "inbound_chat_request": "take missed_inbound_chat_request",
    "inbound_chat_request_from_ai_sdr": "somebody is waiting for a rep now",
    "missed_inbound_chat_request": "a rep may still answer",
    "lead_captured": "the end of the session is itself one of the events",
    "meeting_offered": "take meeting_offered_but_not_booked",
    "meeting_booked": "outside of any conversation",
    "meeting_offered_but_not_booked": "the visitor may still book",
}
PAIRS = list(product(LEGAL, TIMINGS))


def test_there_are_thirty_pairs_and_nineteen_are_legal() -> None:
    legal = [(kind, timing) for kind, timing in PAIRS if timing in LEGAL[kind]]
    assert (len(PAIRS), len(legal), len(REASONS)) == (30, 19, 11)
    assert [kind for kind in KINDS if "timing" in KINDS[kind].model_fields] == list(LEGAL)


@pytest.mark.parametrize(("kind", "timing"), PAIRS)
def test_each_pair_is_taken_or_refused_with_the_reason(kind: str, timing: str) -> None:
    if timing in LEGAL[kind]:
        assert timing_of(trigger(kind=kind, timing=timing)) == timing
        return
    with pytest.raises(ValidationError) as refused:
        trigger(kind=kind, timing=timing)
    (problem,) = refused.value.errors()
    assert problem["loc"] == (kind, "timing")
    assert f"{kind} supports '{LEGAL[kind][0]}' only, not '{timing}': " in problem["msg"]
    assert REASONS[kind] in problem["msg"]


@pytest.mark.parametrize("kind", LEGAL)
def test_a_timing_is_left_out_only_where_there_is_one_anyway(kind: str) -> None:
    if len(LEGAL[kind]) == 1:
        assert timing_of(trigger(kind=kind)) == LEGAL[kind][0]
    else:
        with pytest.raises(ValidationError, match="timing\n  Field required"):
            trigger(kind=kind)


@pytest.mark.parametrize("kind", ["lead_created", "manual"])
def test_other_triggers_have_no_timing(kind: str) -> None:
    assert timing_of(trigger(kind=kind)) is None
    with pytest.raises(ValidationError, match="timing"):
        trigger(kind=kind, timing="immediately")


@pytest.mark.parametrize("kind", ["conversation_with_rep", "pounce_sent"])
def test_an_unknown_timing_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="Input should be 'immediately'"):
        trigger(kind=kind, timing="tomorrow")
