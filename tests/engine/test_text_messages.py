"""Text messages in a journey: counted, held and skipped like what they are, and opted out of."""

from __future__ import annotations

import pytest
from pydantic import JsonValue, ValidationError

from tests.engine.journey import Journey, define
from workflows.engine.effects import Notify as NotifyEffect
from workflows.engine.effects import SendEmail, SendSms
from workflows.engine.state import Perform

MIXED = """
campaign: {engagement_window: 30 days}
steps:
- {id: mail, kind: send_email, template: hello}
- {id: text, kind: send_sms, text: Hi, otherwise: instead}
- {id: rest, kind: wait, for: 3 days}
- {id: last, kind: send_email, template: goodbye, next: done}
- {id: instead, kind: send_email, template: other}
- {id: done, kind: end}
"""
TEXTS = """
campaign: {engagement_window: 30 days, EXITS}
steps:
- {id: text, kind: send_sms, text: Hi}
- {id: rest, kind: wait, for: 3 days}
- {id: again, kind: send_sms, text: Hi again, recipient_field: mobile_phone}
"""


def summary(journey: Journey) -> str:
    assert isinstance(journey.state.wanted, Perform)
    return journey.state.wanted.summary


def test_a_text_message_counts_as_a_message_and_mails_keep_a_count_and_thread_of_their_own() -> (
    None
):
    journey = Journey(MIXED).sent()
    assert summary(journey) == "SMS 1: text"
    journey.sent().after("3 days")
    assert (journey.state.sends, journey.state.texts) == (2, 1)
    assert summary(journey) == "E-mail 2: goodbye"
    first = Journey(MIXED.replace("- {id: mail, kind: send_email, template: hello}\n", ""))
    first.sent().after("3 days")
    assert isinstance(first.state.wanted, Perform)
    assert isinstance(first.state.wanted.effect, SendEmail)
    assert first.state.wanted.effect.thread is False


def test_who_cannot_get_it_goes_elsewhere_and_it_does_not_count() -> None:
    journey = Journey(MIXED).sent().answer(state="skipped", cause="there is no number")
    assert journey.doing == "instead/1/send_email"
    assert (journey.state.sends, journey.state.texts) == (1, 0)
    told = [(line.what, line.why) for line in journey.state.timeline]
    assert ("send_sms: skipped", "there is no number") in told
    simply_on = Journey(TEXTS.replace(", EXITS", "")).answer(state="skipped", cause="no number")
    assert simply_on.doing == "wait for step"


def test_a_text_message_is_held_while_the_lead_is_away_and_until_the_window_ends() -> None:
    journey = Journey(MIXED).sent().event("out_of_office", until="2026-03-05")
    assert journey.doing == "wait for away"
    journey.after("4 days")
    assert journey.doing == "text/1/send_sms"
    assert isinstance(journey.state.wanted, Perform)
    assert isinstance(journey.state.wanted.effect, SendSms)
    assert journey.state.wanted.effect.not_after == journey.state.window_ends


@pytest.mark.parametrize(
    ("automation", "exit"),
    [
        (MIXED, ""),
        (TEXTS.replace(", EXITS", ""), "unsubscribed"),
        (TEXTS.replace("EXITS", 'exits: {"on": [reply]}'), ""),
        (MIXED.replace("30 days}", '30 days, exits: {"on": [sms_opt_out]}}'), "unsubscribed"),
    ],
)
def test_an_opt_out_from_texts_ends_what_sends_texts_alone_or_says_so(
    automation: str, exit: str
) -> None:
    assert Journey(automation).sent().event("sms_opt_out").exit == exit
    assert Journey(automation).sent().signal("event", {"kind": "sms_opt_out", "at": 3}).exit == exit


def test_a_direct_signal_stops_texts_in_the_same_task_and_a_recorded_one_is_the_gates() -> None:
    said: dict[str, JsonValue] = {"kind": "sms_opt_out", "id": "s-1"}
    in_flight = Journey(MIXED).sent().signal("event", said)
    assert in_flight.doing == "instead/1/send_email"
    before = Journey(MIXED).signal("event", said).sent()
    assert before.doing == "instead/1/send_email"
    assert before.state.texts == 0
    known = Journey(MIXED).sent().signal("event", said | {"recorded": True})
    assert known.doing == "text/1/send_sms"


@pytest.mark.parametrize("kind", ["unsubscribe", "complaint"])
def test_an_opt_out_from_everything_is_stronger_however_narrow_its_signal_sounds(kind: str) -> None:
    journey = Journey(MIXED).sent().signal(kind, {"channel": "sms", "id": "u-1"})
    assert journey.exit == "unsubscribed"


NOTIFY = "steps: [{id: tell, kind: notify, text: hello, WHERE}]"


@pytest.mark.parametrize(
    ("where", "summary_of_it"),
    [
        ("channel: sales", "Tell sales"),
        ("via: teams, subject: News", "Tell Teams"),
        ("via: email, to: kim@example.com", "Tell a colleague by e-mail"),
        ("via: email, to: owner", "Tell the owner by e-mail"),
        ("via: app", "Tell the team: app alert"),
    ],
)
def test_the_team_is_told_through_any_outlet_and_no_address_is_shown(
    where: str, summary_of_it: str
) -> None:
    journey = Journey(NOTIFY.replace("WHERE", where))
    assert summary(journey) == summary_of_it
    assert isinstance(journey.state.wanted, Perform)
    assert isinstance(journey.state.wanted.effect, NotifyEffect)
    written = journey.state.wanted.effect.model_dump(exclude_unset=True)
    assert "via" not in written or "via" in where  # a history holds nothing that was left out


@pytest.mark.parametrize(
    ("where", "phrase"),
    [
        ("via: slack", "'channel' is for Slack"),
        ("via: teams, channel: sales", "'channel' is for Slack"),
        ("via: email", "'to' is for 'via: email'"),
        ("via: app, to: owner", "'to' is for 'via: email'"),
        ("via: email, to: somebody", "one address"),
        ("via: app, subject: News", "'subject' is for"),
    ],
)
def test_an_outlet_gets_what_it_needs_and_nothing_else(where: str, phrase: str) -> None:
    with pytest.raises(ValidationError, match=phrase):
        define(NOTIFY.replace("WHERE", where))
