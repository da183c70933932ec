"""Lateness: since when a mail is due is known after outages and halts, and not after plans."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.journey import START, Journey
from tests.engine.situations import CAMPAIGN, resting
from workflows.engine.durations import read_duration
from workflows.engine.effects import SendEmail, SendSms
from workflows.engine.state import Fired, Perform, Wait

WITH_A_TASK = """
steps:
- {id: intro, kind: send_email, template: hello}
- {id: rest, kind: wait, for: 3 days}
- {id: todo, kind: create_task, subject: call, text: them}
- {id: second, kind: send_email, template: reminder}
- {id: more, kind: wait, for: 3 days}
- {id: last, kind: send_email, template: goodbye}
"""
TEXTS = """
steps:
- {id: one, kind: send_sms, text: Hi}
- {id: rest, kind: wait, for: 3 days}
- {id: two, kind: send_sms, text: Hi again}
"""


def wakes(journey: Journey, late: str = "") -> Journey:
    """The timer of the present wait fires, so much later than it should."""
    wait = journey.state.wanted
    assert isinstance(wait, Wait)
    assert wait.until
    journey.now = wait.until + (read_duration(late) if late else timedelta(0))
    return journey.tell(Fired(serial=wait.serial))


def due(journey: Journey) -> timedelta | None:
    """Since when the message that is wanted is due, from the start; None if it is on time."""
    wanted = journey.state.wanted
    assert isinstance(wanted, Perform)
    assert isinstance(wanted.effect, SendEmail | SendSms)
    return wanted.effect.due - START if wanted.effect.due else None


def held(journey: Journey, until: str) -> Journey:
    return journey.answer(state="held", cause="send window", until=until)


@pytest.mark.parametrize(
    ("journey", "expected"),
    [
        (lambda: wakes(resting()), None),
        (lambda: wakes(resting(), "50 seconds"), None),
        (lambda: wakes(resting(), "2 days"), timedelta(days=3)),
        (lambda: wakes(resting().order("pause").after("5 days").order("resume"), "2 days"),
         timedelta(days=3)),
        (lambda: wakes(Journey(TEXTS).sent(), "2 days"), timedelta(days=3)),
        # What the gate plans is not late; a wake from it that is late is.
        (lambda: wakes(held(Journey(CAMPAIGN), "2026-03-03T09:00:00Z")), None),
        (lambda: wakes(held(Journey(CAMPAIGN), "2026-03-03T09:00:00Z"), "1 day"),
         timedelta(days=1)),
        # And what was late before it stays late, from the first time on.
        (lambda: wakes(held(wakes(resting(), "1 hour"), "2026-03-06T09:00:00Z")),
         timedelta(days=3)),
        # A hold that nobody planned: a halt, a feed, a campaign that is disabled.
        (lambda: Journey(CAMPAIGN).answer(state="held", cause="halted").after("4 days").event(
            "hold_released"), timedelta(0)),
        (lambda: Journey(WITH_A_TASK).sent(), "wait"),
    ],
)  # fmt: skip
def test_a_message_knows_since_when_it_is_due(journey: object, expected: object) -> None:
    assert callable(journey)
    played: Journey = journey()
    if expected == "wait":
        # Through a step between the wait and the mail, and no longer than to the next wait.
        assert due(wakes(played, "2 days").sent()) == timedelta(days=3)
        assert due(wakes(played.sent())) is None
        return
    assert due(played) == expected


def test_who_orders_a_lead_on_has_seen_that_it_is_late() -> None:
    journey = wakes(resting(), "2 days")
    assert due(journey) == timedelta(days=3)
    journey.answer(state="refused", cause="was due long ago")
    assert journey.doing == "wait for attention"
    assert due(journey.order("retry")) is None


def test_why_the_gate_ends_an_enrollment_stands_in_the_timeline() -> None:
    journey = Journey(CAMPAIGN).answer(
        state="refused", cause="consent 'newsletter' was withdrawn", exit="no_consent"
    )
    assert journey.exit == "no_consent"
    line = journey.state.timeline[-1]
    assert (line.what, line.why) == ("refused", "consent 'newsletter' was withdrawn")
