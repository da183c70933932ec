"""What is found about http_call and track_event in an automation file before it is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from activities.ledger.http_connections import HttpConnection
from starters.definitions.draft import Configured
from tests.starters.commands import Commands
from tests.starters.mistakes import HEAD
from tests.starters.test_definitions import EVERYTHING, told

CRM = HttpConnection.model_validate(
    {
        "base_url": "https://api.example.com",
        "auth": {"kind": "header", "header": "X-API-Key", "value_env": "CRM_KEY"},
        "idempotency_header": "X-Request-Id",
    }
)
HERE = replace(EVERYTHING, http={"default": {"crm": CRM}}, listeners={"default": ()})
LISTENING = replace(HERE, listeners={"default": ("site",)})
CALL = "kind: http_call, connection: crm, method: POST"
TRACK = "kind: track_event, event: demo"


def found(tmp_path: Path, step: str, configured: Configured = LISTENING) -> list[tuple[str, str]]:
    findings = told(tmp_path, f"{HEAD}steps:\n- {{id: a, {step}}}\n", configured)
    return [(finding.severity, finding.message) for finding in findings]


@pytest.mark.parametrize(
    ("step", "severity", "phrase"),
    [
        ("kind: http_call, connection: crn, method: GET", "error", "no HTTP connection 'crn'"),
        (f"{CALL}, headers: {{x-api-key: '1'}}", "error", "'x-api-key' is set by the connection"),
        (f"{CALL}, headers: {{X-Request-ID: '1'}}", "error", "is set by the connection 'crm'"),
        (f"{CALL}, headers: {{Cookie: a}}", "error", "no header for a step"),
        (f"{CALL}, headers: {{X-Auth-Token: abc}}", "error", "looks like a secret"),
        (f"{CALL}, query: {{api_key: abc}}", "error", "looks like a secret"),
        (f"{CALL}, path: '/{{{{ led.id }}}}'", "error", "names 'led.id', which is unknown"),
        (f"{CALL}, body: {{a: ['{{{{ lead.x']}}", "error", "correct the Liquid here"),
        (f"{CALL}, body: {{a: ['{{{{ lead.x | nofilter }}}}']}}", "error", "unknown filter"),
        (f"{CALL}, body: {{a: ['{{{{ lead.x }}}}']}}", "warning", "no default for lead.x"),
        (f"{CALL}, query: {{a: '{{{{ lead.x }}}}'}}", "warning", "no default for lead.x"),
        (f"{CALL}, answer: {{tier: {{from: a}}}}", "warning", "no condition looks at 'tier'"),
        (f"{CALL}, status_as: code", "warning", "no condition looks at 'code'"),
        (f"{CALL}, answer: {{email: {{from: a, save: true}}}}", "error", "says who the lead is"),
        (f"{TRACK}, properties: {{a: '{{{{ lead.email }}}}'}}", "error", "must not know"),
        (f"{TRACK}, properties: {{a: '{{{{ lead.last_name }}}}'}}", "error", "must not know"),
        (f"{TRACK}, properties: {{a: '{{{{ lead.work_phone }}}}'}}", "error", "must not know"),
        (f"{TRACK}, properties: {{a: '{{{{ lead.plan }}}}'}}", "warning", "default for lead.plan"),
    ],
)
def test_a_mistake_in_a_step_is_told(step: str, severity: str, phrase: str, tmp_path: Path) -> None:
    said = found(tmp_path, step)
    assert [one for one in said if one[0] == severity and phrase in one[1]], said


@pytest.mark.parametrize(
    "step",
    [
        f"{CALL}, path: '/{{{{ lead.id }}}}', body: {{mail: '{{{{ lead.email }}}}', n: 1}}",
        f"{CALL}, headers: {{X-Token-Kind: '{{{{ lead.kind | default: 1 }}}}'}}",
        f"{CALL}, answer: {{tier: {{from: a, save: true}}}}",
        f"{TRACK}, properties: {{plan: '{{{{ lead.plan | default: 1 }}}}', n: 1.5, t: true}}",
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(step: str, tmp_path: Path) -> None:
    assert found(tmp_path, step) == []


def test_a_value_that_a_condition_names_is_used(tmp_path: Path) -> None:
    arms = "arms: [{when: {field: tier, op: equals, value: gold}, go_to: c}]"
    steps = f"- {{id: b, kind: branch, {arms}}}\n- {{id: c, kind: end}}"
    step = f"{CALL}, answer: {{tier: {{from: a}}}}}}\n{steps[:-1]}"
    assert found(tmp_path, step) == []


def test_an_event_needs_somebody_to_be_told(tmp_path: Path) -> None:
    ((severity, message),) = found(tmp_path, TRACK, HERE)
    assert severity == "error"
    assert "'google_analytics', which is not configured" in message
    known = replace(HERE, vendors=HERE.vendors | {"google_analytics"})
    assert found(tmp_path, TRACK, known) == []


def test_a_secret_that_is_not_set_is_told_by_name(tmp_path: Path) -> None:
    ((_, message),) = found(tmp_path, CALL, replace(LISTENING, unset=("CRM_KEY",)))
    assert "CRM_KEY" in message


CONNECTIONS = """\
centers:
  default:
    http:
      crm: {base_url: "https://api.example.com", auth: {kind: bearer, token_env: CRM_KEY}}
"""


@pytest.mark.parametrize(("key", "status"), [("", 1), ("a-key", 0)])
def test_the_command_reads_the_connections_and_looks_whether_the_secret_is_set(
    cut_off: Commands, key: str, status: int
) -> None:
    file = cut_off.file("a.yaml", f"{HEAD}steps:\n- {{id: a, {CALL}}}\n")
    connections = cut_off.file("connections.yaml", CONNECTIONS)
    done = cut_off("validate", file, "--json", DRIPSTONE_CONNECTIONS=connections, CRM_KEY=key)
    assert done.status == status, done.out
    assert ("CRM_KEY" in done.out) is (status == 1)
    assert "a-key" not in done.out
