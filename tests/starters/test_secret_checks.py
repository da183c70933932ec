"""Secrets in calls to other systems are found wherever they stand, and little else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.starters.mistakes import STEPS
from tests.starters.test_definitions import EVERYTHING, told

CALL = "- {id: a, kind: http_call, connection: crm, method: POST, %s}\n"
HEX = "3f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c"


@pytest.mark.parametrize(
    "where",
    [
        "headers: {X-Token: abc}",
        "headers: {X-Auth: Zm9vYmFy}",
        "query: {token: 'abcdef{{ lead.id }}'}",
        "query: {api_key: '{{ lead.id }}{% if lead.id %}abcdef{% endif %}'}",
        "path: '/x?token=hunter2'",
        "form: {client_secret: hunter2}",
        "body: {auth: {password: hunter2}}",
        "body: {accounts: [{access_token: hunter2}]}",
        "body: {tokens: 2, token: [hunter2]}",
    ],
)
def test_what_is_called_a_secret_and_written_out_is_one(where: str, tmp_path: Path) -> None:
    found = told(tmp_path, STEPS + CALL % where, EVERYTHING)
    assert [(one.severity, one.check) for one in found] == [("error", "secrets-in-steps")]
    assert "hunter2" not in found[0].message


@pytest.mark.parametrize(
    "path", [f"/hooks/{HEX}", f"/{HEX.upper()}/x", "/Zm9vYmFyYmF6cXV4MTIzZm9vYmFyYmF6"]
)
def test_a_long_random_part_of_a_path_is_warned_of(path: str, tmp_path: Path) -> None:
    found = told(tmp_path, STEPS + CALL % f"path: {path}", EVERYTHING)
    assert [(one.severity, one.check) for one in found] == [("warning", "secrets-in-paths")]


@pytest.mark.parametrize(
    "where",
    [
        "query: {token: '{{ lead.token | default: \"none given\" }}'}",
        "query: {token: 'sf-{{ lead.id }}'}",
        "headers: {X-Token: 'Bearer {{ lead.token | default: \"\" }}'}",
        "body: {token_count: many, tokens: several, forgot_password: 'yes', password: ''}",
        "body: {auth: none, grant_type: password, token: true, secretary: Kim}",
        "form: {reset_password: 'true'}",
        "path: /v2/members/1c7a3e52-5b1f-4b8e-9f35-0d2f6a1c9e77/score",
        "path: '/members/{{ lead.id }}?page=2'",
        "path: /campaigns/the-quick-brown-fox-jumps-over-the-lazy-dog-2026",
        "path: /v1/averyveryverylongwordthatnobodywouldguess",
    ],
)
def test_what_is_no_secret_is_left_alone(where: str, tmp_path: Path) -> None:
    assert told(tmp_path, STEPS + CALL % where, EVERYTHING) == ()
