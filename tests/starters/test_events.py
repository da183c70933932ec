"""Events in the product's own format: what is read, and what is refused, naming the place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from starters.webhooks.event_signatures import check_secret
from starters.webhooks.events import BadEvents, Problem, parse

EVENT = {"id": "e-1", "kind": "reply", "at": "2026-11-20T10:00:00Z", "lead": "crm-7"}


def refusal(body: Any) -> tuple[Problem, ...]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(BadEvents) as caught:
        parse(raw)
    return caught.value.problems


def nested(levels: int) -> dict[str, Any]:
    return {"a": nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": ""}, "id"),
        ({"id": "reply-of-ada@lead.example"}, "id"),
        ({"id": "e" * 191}, "id"),
        ({"kind": "Reply"}, "kind"),
        ({"at": 1_763_632_800}, "at"),
        ({"at": "2026-11-20"}, "at"),
        ({"at": "2026-11-20T10:00:00"}, "at"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at"),
        ({"person": "ada"}, "person"),
        ({"center": "No Such"}, "center"),
        ({"data": []}, "data"),
        ({"lead": None}, ""),
        ({"kind": "superseded"}, ""),
        ({"kind": "hold_released"}, ""),
        ({"kind": "email_sent"}, ""),
        ({"kind": "enroll"}, ""),
        ({"kind": "feed_heartbeat"}, ""),
        ({"kind": "feed_heartbeat", "data": {"feed": 7}}, ""),
        ({"automation": "spring"}, ""),
        ({"kind": "enroll", "automation": "spring", "lead": None, "person": "0" * 24}, ""),
        ({"recorded": True}, ""),
        ({"kind": "consent_given"}, ""),
        ({"kind": "consent_given", "data": {"consent": "News!"}}, ""),
        ({"kind": "consent_given", "data": {"consent": "news", "channel": "fax"}}, ""),
        ({"kind": "reply_classified", "data": {"class": "POSITIVE"}}, ""),
        ({"kind": "reply_classified", "data": {"reply": "e-1", "class": "hot"}}, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: dict[str, Any], where: str) -> None:
    (problem,) = refusal(EVENT | change)
    assert problem.where == where
    assert problem.mend


def test_no_problem_quotes_what_was_sent() -> None:
    secret = "ada@lead.example"
    problems = refusal(dict.fromkeys((*EVENT, "center", "data", secret), secret))
    assert len(problems) >= 5
    assert secret not in str(problems)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff{}",
        b'{"data": NaN}',
        b"[" * 100_000,
        b'"reply"',
        [],
        [EVENT] * 101,
        EVENT | {"data": nested(20)},
    ],
)
def test_a_body_that_is_no_event_is_refused(body: Any) -> None:
    assert refusal(body)


def test_data_may_be_nested_to_the_limit() -> None:
    (event,), is_list = parse(json.dumps(EVENT | {"data": nested(18)}).encode())
    assert (event.event.data, is_list) == (nested(18), False)


@pytest.mark.parametrize("kind", ["unsubscribed", "opt_out", "opted_out", "optout"])
def test_an_opt_out_is_one_by_any_of_its_names(kind: str) -> None:
    (event,), _ = parse(json.dumps(EVENT | {"kind": kind}).encode())
    assert event.event.kind == "unsubscribe"


def test_data_hold_only_what_every_database_can_keep() -> None:
    text = json.dumps(EVENT).replace("}", ', "data": {"a": "\\u0000\\ud800", "b": 1e999}}')
    (event,), _ = parse(text.encode())
    assert event.event.data == {"a": "\ufffd?", "b": "inf"}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "c2VjcmV0" * 5, "whsec_%%%%"])
def test_a_weak_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="openssl rand") as caught:
        check_secret(secret)
    assert "c2" not in str(caught.value)


AWAY = "I am out of the office until 30 November 2026."


@pytest.mark.parametrize(
    ("data", "kind", "kept"),
    [
        ({"class": "positive"}, "reply", {"class": "POSITIVE", "sure": True}),
        ({"class": "OOO", "text": AWAY}, "out_of_office", {"class": "OOO", "until": "2026-11-30"}),
        (
            {"class": "OOO", "until": "2026-12-01", "text": AWAY},
            "out_of_office",
            {"until": "2026-12-01"},
        ),
        (
            {"text": AWAY, "headers": {"Auto-Submitted": "auto-replied"}},
            "out_of_office",
            {"class_by": "rules", "until": "2026-11-30"},
        ),
        (
            {"text": "Take me off your list"},
            "unsubscribe",
            {"class": "UNSUBSCRIBE", "via": "reply"},
        ),
        ({"text": "unsubscribe", "class_by": "upstream"}, "unsubscribe", {"class_by": "rules"}),
    ],
)
def test_a_reply_is_read_when_it_comes_in(
    data: dict[str, Any], kind: str, kept: dict[str, Any]
) -> None:
    (posted,), _ = parse(json.dumps(EVENT | {"data": data}).encode())
    assert posted.event.kind == kind
    assert kept.items() <= posted.event.data.items()


def test_nobody_outside_decides_that_outreach_goes_on() -> None:
    data = {"reply": "e-1", "class": "NEUTRAL", "verdict": "go_on", "by": "kim"}
    (posted,), _ = parse(json.dumps(EVENT | {"kind": "reply_classified", "data": data}).encode())
    assert posted.event.data == {"reply": "e-1", "class": "NEUTRAL"}
