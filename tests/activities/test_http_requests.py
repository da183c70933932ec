"""What an http_call sends for a lead, what its answer means, and what is taken from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from activities.http_answers import can_be_repeated, nothing_read, problem_with, read_answer
from activities.http_requests import request_payload
from activities.ledger.http_connections import HttpConnection
from activities.templates import TemplateProblem
from activities.vendors.ports import Never, NotYet, Unclear, VendorFailure, WebAnswer
from workflows.engine.effects import HttpCall

LEAD: Mapping[str, JsonValue] = {
    **{"first_name": 'Zoë "Z"', "company": "A/B & Co", "size": 300, "vip": True, "none": None},
    **{"id": "x-1", "email": "zoe@quarry.example", "trick": "{{ lead.email }}", "line": "a\r\nb"},
}


def account(**fields: Any) -> HttpConnection:
    return HttpConnection.model_validate({"base_url": "https://api.example.com/v2", **fields})


def call(method: str = "POST", **fields: Any) -> HttpCall:
    about = {"enrollment": "e", "entry": 1, "step": "ask", "visit": 1}
    plain = {"kind": "http_call", "connection": "crm", "method": method}
    return HttpCall.model_validate(about | plain | fields)


def payload(**fields: Any) -> dict[str, Any]:
    return request_payload(call(**fields), LEAD, account())


def test_the_fields_of_a_lead_are_data_wherever_they_stand() -> None:
    asked = payload(
        path="/companies/{{ lead.company }}/{{ lead.id }}",
        query={"q": "{{ lead.first_name }}", "n": "{{ lead.size }}"},
        headers={"X-Lead": "{{ lead.id }}"},
        body={
            "name": "{{ lead.first_name }}",
            "deep": [{"size": "{{ lead.size }}", "said": "{{ lead.size }} people"}, True, 1.5],
            "vip": "{{ lead.vip }}",
            "trick": "{{ lead.trick }}",
            "gap": '{{ lead.none | default: "-" }}',
        },
    )
    assert asked["url"] == (
        "https://api.example.com/v2/companies/A%2FB%20%26%20Co/x-1?q=Zo%C3%AB%20%22Z%22&n=300"
    )
    assert asked["headers"] == {"X-Lead": "x-1", "Content-Type": "application/json"}
    assert json.loads(asked["content"]) == {
        "name": 'Zoë "Z"',
        "deep": [{"size": 300, "said": "300 people"}, True, 1.5],
        "vip": True,
        "trick": "{{ lead.email }}",
        "gap": "-",
    }


def test_a_form_is_sent_as_forms_are_and_a_type_of_ones_own_is_kept() -> None:
    form = payload(form={"To": "+1 555", "Body": "Hi {{ lead.first_name }}"})
    assert form["content"] == "To=%2B1+555&Body=Hi+Zo%C3%AB+%22Z%22"
    assert form["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}
    own = payload(body=[1], headers={"content-type": "application/vnd.api+json"})
    assert own["headers"] == {"content-type": "application/vnd.api+json"}
    assert payload(method="GET")["content"] is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"headers": {"X-A": "{{ lead.line }}"}}, "bad_header"),
        ({"headers": {"X-A": "{{ lead.first_name }}"}}, "bad_header"),
        ({"path": "/{{ lead.line }}"}, "bad_address"),
        ({"path": "https://{{ lead.id }}.evil.example"}, "bad_address"),
        ({"body": {"a": "{{ lead.size }}" + "x" * 66_000}}, "bad_request"),
    ],
)
def test_a_request_that_must_not_be_made_is_never_made(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Never) as caught:
        payload(**fields)
    assert caught.value.code == code


@pytest.mark.parametrize("where", ["path", "query", "headers", "body"])
def test_an_empty_field_without_default_is_told_with_its_place(where: str) -> None:
    text = "/{{ lead.none }}"
    fields: dict[str, Any] = {where: text if where == "path" else {"a": text}}
    with pytest.raises(TemplateProblem, match=rf"ask\.{where}.*lead\.none has no value"):
        payload(**fields)


KEYED = account(idempotency_header="Idempotency-Key")


@pytest.mark.parametrize(
    ("method", "connection", "repeatable", "expected"),
    [
        ("GET", account(), None, True),
        ("PUT", account(), None, True),
        ("DELETE", account(), None, True),
        ("POST", account(), None, False),
        ("PATCH", account(), None, False),
        ("POST", KEYED, None, True),
        ("PATCH", KEYED, None, True),
        ("POST", account(), True, True),
        ("PUT", KEYED, False, False),
    ],
)
def test_what_may_be_repeated_follows_from_step_key_and_method(
    method: str, connection: HttpConnection, repeatable: bool | None, expected: bool
) -> None:
    assert can_be_repeated(call(method, repeatable=repeatable), connection) is expected


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        (200, {}, None),
        (204, {}, None),
        (404, {"success": [200, 404]}, None),
        (201, {"success": [200, 404]}, (Never, "http_201")),
        (302, {}, (Never, "redirected")),
        (400, {}, (Never, "http_400")),
        (401, {}, (Never, "http_401")),
        (404, {}, (Never, "http_404")),
        (409, {}, (NotYet, "busy")),
        (408, {}, (NotYet, "http_408")),
        (425, {}, (NotYet, "http_425")),
        (429, {}, (NotYet, "http_429")),
        (500, {}, (Unclear, "http_500")),
        (503, {}, (Unclear, "http_503")),
        (503, {"method": "PUT"}, (NotYet, "http_503")),
        (503, {"repeatable": True}, (NotYet, "http_503")),
    ],
)
def test_a_status_means_done_not_now_never_or_perhaps(
    status: int, fields: dict[str, Any], expected: tuple[type[VendorFailure], str] | None
) -> None:
    problem = problem_with(call(**fields), account(busy=[409]), WebAnswer(status, b""))
    assert (problem and (type(problem), problem.code)) == expected


ANSWER = {
    "result": {"tier": "gold", "score": "7.5", "big": 10**20, "hot": True, "list": [{"n": 3}]},
    "long": "x" * 300,
    "odd": "a\u0000b",
}


@pytest.mark.parametrize(
    ("taken", "value"),
    [
        ({"from": "result.tier"}, "gold"),
        ({"from": "result.score", "type": "number"}, 7.5),
        ({"from": "result.list.0.n", "type": "number"}, 3),
        ({"from": "result.list.0.n"}, "3"),
        ({"from": "result.hot", "type": "boolean"}, True),
        ({"from": "result.hot"}, "true"),
        ({"from": "result.big", "type": "number"}, None),
        ({"from": "result.tier", "type": "number", "otherwise": 0}, 0),
        ({"from": "result.tier", "type": "boolean", "otherwise": False}, False),
        ({"from": "result.list.9.n", "otherwise": "none"}, "none"),
        ({"from": "result"}, None),
        ({"from": "result.tier.x"}, None),
        ({"from": "nothing"}, None),
        ({"from": "long"}, None),
        ({"from": "long", "longest": 300}, "x" * 300),
        ({"from": "odd"}, "a\ufffdb"),
    ],
)
def test_a_value_is_taken_in_its_type_and_length_or_not_at_all(
    taken: dict[str, Any], value: JsonValue
) -> None:
    read = read_answer(call(answer={"it": taken}), WebAnswer(200, json.dumps(ANSWER).encode()))
    assert read.values == {"it": value}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[" * 60_000, b'{"a": NaN}', b"null", b"[]", b'"a"', None]
)
def test_an_answer_of_any_shape_is_read_without_harm(body: bytes | None) -> None:
    taken = {"it": {"from": "a", "otherwise": "none"}}
    read = read_answer(call(answer=taken, status_as="status"), WebAnswer(203, body))
    assert (read.values, read.saved) == ({"status": 203, "it": "none"}, {})


def test_only_what_was_found_is_saved_and_no_value_is_left_over_from_before() -> None:
    effect = call(
        answer={
            "tier": {"from": "a", "save": True},
            "gone": {"from": "b", "save": True},
            "price": {"from": "c", "type": "number", "otherwise": 1},
        },
        status_as="status",
    )
    read = read_answer(effect, WebAnswer(200, b'{"a": "A", "c": "secret words"}'))
    assert read.values == {"status": 200, "tier": "A", "gone": None, "price": 1}
    assert read.saved == {"tier": "A"}
    assert read.notes == ("price: not a number of the length allowed",)
    assert nothing_read(effect) == {"status": None, "tier": None, "gone": None, "price": 1}
