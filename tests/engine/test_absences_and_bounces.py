"""Out of office and soft bounces: the two ways in which a mail becomes due at another time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from tests.engine.journey import START, Journey
from tests.engine.situations import CAMPAIGN, resting
from workflows.engine.events import read_return

SOFT: dict[str, JsonValue] = {"type": "soft", "step": "intro"}


def test_no_mail_leaves_until_the_return_and_the_clock_of_a_wait_runs_on() -> None:
    journey = resting().event("out_of_office", until="2026-03-12")
    assert (journey.exit, journey.doing, journey.state.label) == ("", "wait for step", "held")
    assert journey.after("3 days").doing == "wait for away"
    assert journey.after("6 days").doing == "wait for away"
    assert journey.after("1 day").doing == "second/1/send_email"
    assert journey.state.away_until is None


def test_without_a_date_the_absence_lasts_two_weeks() -> None:
    journey = resting().event("out_of_office")
    assert journey.state.away_until == START + timedelta(days=14)
    assert journey.after("13 days").doing == "wait for away"
    assert journey.after("1 day").doing == "second/1/send_email"


def test_the_campaign_says_how_long_an_absence_without_a_date_lasts() -> None:
    text = CAMPAIGN.replace("exits:", "out_of_office: {otherwise: 5 days}\n  exits:")
    assert Journey(text).sent().event("out_of_office").after("5 days").doing.startswith("second")
    plain = Journey("steps:\n- {id: a, kind: send_email, template: t}").event("out_of_office")
    assert plain.state.away_until == START + timedelta(days=14)


def test_an_absence_holds_only_mails() -> None:
    text = "steps:\n- {id: w, kind: wait, for: 1 day}\n- {id: n, kind: notify, channel: c, text: t}"
    assert Journey(text).event("out_of_office").after("1 day").doing == "n/1/notify"


def test_a_mail_that_is_being_retried_is_taken_back_and_asked_for_under_the_same_key() -> None:
    journey = Journey(CAMPAIGN)
    before = journey.serial
    assert journey.event("out_of_office", until="2026-03-05").doing == "wait for away"
    assert journey.serial > before
    assert journey.after("3 days").doing == "intro/1/send_email"
    assert len(journey.keys) == 1


@pytest.mark.parametrize("second", ["2026-03-20", "2026-03-20T00:00:00Z"])
def test_a_later_return_announced_meanwhile_counts(second: str) -> None:
    journey = Journey(CAMPAIGN).event("out_of_office", until="2026-03-05")
    journey.event("out_of_office", until=second)
    assert journey.after("10 days").doing == "wait for away"
    assert journey.after("8 days").doing == "intro/1/send_email"


def test_a_pause_does_not_make_anyone_come_back_earlier() -> None:
    journey = Journey(CAMPAIGN).event("out_of_office", until="2026-03-12")
    journey.order("pause").after("1 day").order("resume")
    assert journey.doing == "wait for away"
    assert journey.after("9 days").doing == "intro/1/send_email"


@pytest.mark.parametrize("order", ["skip", "move_to"])
def test_nor_does_an_operator_who_moves_the_lead_on(order: str) -> None:
    journey = Journey(CAMPAIGN).event("out_of_office", until="2026-03-12")
    journey.order(order, target="second").after("3 days")
    assert journey.doing == "wait for away"


@pytest.mark.parametrize(
    ("until", "day"),
    [
        ("2026-03-12", 12),
        ("2026-03-12T00:00:00+00:00", 12),
        ("2026-03-12T02:00:00+02:00", 12),
        ("12.03.2026", None),
        ("2026-02-30", None),
        ("2026-03-12T00:00:00", None),  # no zone: anybody's guess
        ("", None),
        (1773273600, None),
        ({"date": "2026-03-12"}, None),
        (None, None),
    ],
)
def test_a_return_date_is_read_or_taken_as_not_given(until: JsonValue, day: int | None) -> None:
    expected = datetime(2026, 3, day, tzinfo=UTC) if day else None
    assert read_return({"until": until}) == expected


def test_a_softly_bounced_mail_is_sent_again_under_a_new_key_and_the_wait_goes_on() -> None:
    journey = resting().after("1 day").event("bounce", **SOFT)
    assert (journey.exit, journey.doing) == ("", "wait for resend")
    assert journey.after("4 hours").doing == "intro/2/send_email"
    assert journey.state.step == "rest"
    assert journey.sent().doing == "wait for step"
    assert journey.after("43 hours").doing == "wait for step"
    assert journey.after("1 hour").doing == "second/1/send_email"


def test_the_third_soft_bounce_is_an_exit() -> None:
    journey = resting()
    for _ in range(2):
        journey.event("bounce", **SOFT).after("4 hours").sent()
    assert journey.doing == "wait for step"
    assert journey.event("bounce", **SOFT).exit == "email_bounced"


def test_a_soft_bounce_during_another_effect_is_seen_to_at_the_next_wait() -> None:
    journey = resting().after("3 days").event("bounce", **SOFT)
    assert journey.doing == "second/1/send_email"
    assert journey.sent().doing == "wait for resend"
    assert journey.after("4 hours").doing == "intro/2/send_email"
    assert journey.sent().state.step == "ask"


def test_a_wait_that_would_be_over_meanwhile_is_over_after_the_resend() -> None:
    journey = resting().after("2 days 23 hours").event("bounce", **SOFT).after("4 hours")
    assert journey.sent().after("1 second").doing == "second/1/send_email"


@pytest.mark.parametrize(
    "data",
    [
        {"type": "soft"},
        {"type": "soft", "step": "nowhere"},
        {"type": "soft", "step": "rest"},  # no mail: sending it again would end the wait
        {"type": "soft", "step": "last"},  # a mail that has not been sent
        {"type": "soft", "step": ["intro"]},
    ],
)
def test_a_soft_bounce_of_no_mail_of_ours_is_only_counted(data: dict[str, JsonValue]) -> None:
    journey = resting().event("bounce", **data)
    assert journey.doing == "wait for step"
    assert journey.state.soft_bounces == 1


def test_soft_bounces_are_only_counted_where_bounces_do_not_matter() -> None:
    text = CAMPAIGN.replace("bounce, ", "")
    assert Journey(text).sent().event("bounce", **SOFT).doing == "wait for step"
    plain = Journey("steps:\n- {id: intro, kind: send_email, template: t}").event("bounce", **SOFT)
    assert (plain.exit, plain.state.soft_bounces) == ("", 1)


@pytest.mark.parametrize("answer", ["held", "refused"])
def test_a_resend_can_be_held_or_refused_like_any_mail(answer: str) -> None:
    journey = resting().event("bounce", **SOFT).after("4 hours").answer(state=answer, cause="cap")
    if answer == "held":
        assert journey.event("hold_released").doing == "intro/2/send_email"
    else:
        assert journey.order("retry").doing == "intro/3/send_email"
    assert journey.sent().doing == "wait for step"


def test_a_resend_that_cannot_be_done_may_be_skipped() -> None:
    journey = resting().event("bounce", **SOFT).after("4 hours").failed("refused for good")
    assert journey.order("skip").doing == "wait for step"
    assert journey.after("3 days").doing == "second/1/send_email"


def test_a_lead_moved_on_during_a_resend_does_not_get_the_mail_twice() -> None:
    journey = resting().event("bounce", **SOFT).after("4 hours").order("move_to", target="ask")
    assert journey.after("6 days").doing == "wait for step"


def test_an_event_that_comes_during_a_resend_is_not_lost() -> None:
    journey = resting().after("3 days").sent().event("bounce", **SOFT).after("4 hours")
    assert journey.event("clicked").doing == "intro/2/send_email"
    assert journey.sent().doing == "last/1/send_email"


def test_a_mail_due_again_waits_for_an_absent_lead() -> None:
    journey = resting().event("bounce", **SOFT).event("out_of_office", until="2026-03-04")
    assert journey.after("4 hours").doing == "wait for away"
    assert journey.after("2 days").doing == "intro/2/send_email"
