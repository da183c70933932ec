"""dripstone connections: which accounts there are, why others are not, and who uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from yaml import safe_load

from starters.doctor.uses import uses_of
from tests.sandboxed import Running, running_sandbox
from tests.starters.commands import Commands
from workflows.engine.automation import Automation

USES = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days}}
steps:
  - {{id: hello, kind: send_email, template: intro}}
  - {{id: tell, kind: notify, channel: sales, text: hello}}
"""
STEPS = {
    "mail": ("kind: send_email, template: intro", {("smtp", "default"), ("mailbox", "default")}),
    "alert": ("kind: notify, via: app, text: x", set()),
    "slack": ("kind: notify, channel: x, text: x", {("slack", "default")}),
    "sms": ("kind: send_sms, text: x", {("twilio", "default")}),
    "task": ("kind: create_task, subject: x", {("salesforce", "default")}),
    "push": ("kind: push, to: hubspot, fields: {email: email}", {("hubspot", "default")}),
    "http": ("kind: http_call, connection: crm, method: GET, path: /x", {("http", "crm")}),
    "track": ("kind: track_event, event: won", {("google_analytics", "default")}),
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


def listed(commands: Commands, *options: str, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    result = commands("connections", "--center", "default", "--json", *options, **env)
    found = result.document["connections"]
    return result.status, {f"{one['vendor']}/{one['name']}": one for one in found}


def test_an_account_says_why_it_is_not_there_and_who_needs_it(cut_off: Commands) -> None:
    slack = {"DRIPSTONE_SLACK__TOKEN": "xoxb-a-secret"}
    cut_off.enabled("spring", USES, **slack)
    status, found = listed(cut_off, **slack)
    assert (status, found["slack/default"]["state"]) == (0, "configured")
    assert found["mailbox/default"]["used_by"] == ["spring"]
    status, found = listed(cut_off)
    missing = found["slack/default"]
    assert (status, missing["state"], missing["used_by"]) == (1, "missing", ["spring"])
    assert "DRIPSTONE_SLACK__" in missing["why"]
    assert "xoxb" not in cut_off("connections", **slack).out


def test_each_vendor_is_asked_if_wanted(cut_off: Commands, sandbox: Running) -> None:
    known = {"DRIPSTONE_SLACK__BASE_URL": f"{sandbox.web}/slack/api/"}
    known |= {"DRIPSTONE_SLACK__TOKEN": sandbox.sandbox.secrets.slack.token}
    known |= {"DRIPSTONE_SMTP__PORT": str(sandbox.ports.smtp_port), "DRIPSTONE_SMTP__TLS": "none"}
    status, found = listed(cut_off, "--check", **known)
    assert status == 0
    assert {found[name]["state"] for name in ("slack/default", "smtp/default")} == {"answers"}
    wrong = known | {"DRIPSTONE_SLACK__TOKEN": "xoxb-wrong"}
    status, found = listed(cut_off, "--check", **wrong)
    assert (status, found["slack/default"]["state"]) == (1, "fails")
    assert "invalid_auth" in found["slack/default"]["why"]
    assert "xoxb-wrong" not in str(found)


@pytest.mark.parametrize(("step", "uses"), STEPS.values(), ids=STEPS)
def test_a_step_uses_these_accounts(step: str, uses: set[tuple[str, str]]) -> None:
    written = USES.partition("steps:")[0].format(name="x") + f"steps: [{{id: a, {step}}}]"
    assert uses_of(Automation.model_validate(safe_load(written))) == uses
