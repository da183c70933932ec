"""dripstone doctor: each thing that can be wrong is found, with how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, text

from activities.ledger import Ledger
from activities.ledger.feeds import hear_of
from activities.ledger.tables import leads
from config.settings import IngressSettings, Settings, SmartleadSettings, SmtpSettings
from starters.doctor.about_accounts import look_at_accounts
from starters.doctor.about_feeds import look_at_feeds
from starters.doctor.about_ledger import look_at_ledger
from starters.doctor.finding import Finding
from starters.processes.devserver import dev_server
from tests.starters.commands import Commands
from workers.accounts import load_connections
from workers.probing import Probe

HTTP = """
centers:
  default:
    http: {crm: {base_url: https://crm.example.com, auth: {kind: bearer, token_env: NO_SUCH_TOKEN}}}
"""
MAILS = """\
id: {name}
name: A test
trigger: {{kind: manual}}
campaign: {{engagement_window: 30 days}}
steps:
  - {{id: hello, kind: send_email, template: intro}}
"""
PUBLIC = "https://mail.example.com"
SECRET = SecretStr("whsec_" + "c2VjcmV0" * 5)


@pytest.fixture(scope="module")
def at_work(
    tmp_path_factory: pytest.TempPathFactory, temporal: str, empty_ledger: Path
) -> Iterator[Commands]:
    directory = tmp_path_factory.mktemp("at_work")
    copy(empty_ledger, directory)
    commands = Commands(directory, temporal)
    commands.environment["DRIPSTONE_SMTP__PORT"] = "1"
    with commands.worker():
        yield commands


def found(commands: Commands, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and the findings by their checks."""
    result = commands("doctor", "--json", **environment)
    findings = {one["check"]: one for one in result.document["findings"]}
    wrong = [one for one in result.document["findings"] if one["state"] == "problem"]
    assert result.document["problems"] == len(wrong)
    assert all(one["what"] and (one["mend"] or one["state"] == "ok") for one in findings.values())
    return result.status, findings


def test_with_a_worker_all_of_temporal_and_the_ledger_is_well(at_work: Commands) -> None:
    at_work.enabled("mails", MAILS)
    status, findings = found(at_work)
    states = {name: one["state"] for name, one in findings.items()}
    assert states.pop("account-smtp") == "problem"  # nobody listens at port 1
    assert "refused" in findings["account-smtp"]["what"]
    assert [name for name, state in states.items() if state == "problem"] == ["webhook-mail"]
    assert status == 1
    queues = {name for name in states if name.startswith("workers-")}
    assert queues == {f"workers-{name}" for name in ("enrollments", "messaging", "crm")} | {
        "workers-notifications"
    }
    for check in ("retention", "search-attributes", "namespace", "repair-loop", "automations"):
        assert states[check] == "ok", findings[check]
    shown = at_work("doctor")
    assert (shown.status, "WRONG" in shown.out) == (1, True)


def test_what_an_enabled_automation_has_lost_is_named_with_its_step(dripstone: Commands) -> None:
    dripstone.enabled("mails", MAILS)
    del dripstone.environment["DRIPSTONE_SMTP__HOST"]
    dripstone("template", "deactivate", "intro")
    result = dripstone("doctor", "--json").document["findings"]
    said = [(one["state"], one["what"]) for one in result if one["check"] == "automation-mails"]
    assert ("warning", "template 'intro' is deactivated: its mails are held") in said
    assert any(state == "problem" and "step 'hello': needs" in what for state, what in said)


def test_a_server_that_nothing_was_set_up_on_is_told_what_it_lacks(
    tmp_path: Path, empty_ledger: Path
) -> None:
    copy(empty_ledger, tmp_path)

    async def look() -> tuple[int, dict[str, dict[str, str]]]:
        async with dev_server(tmp_path / "temporal", search_attributes={}, port=0, ui_port=0) as on:
            await on_another_namespace(tmp_path)
            return await asyncio.to_thread(found, Commands(tmp_path, on.address))

    status, findings = asyncio.run(look())
    assert status == 1
    wrong = {name for name, one in findings.items() if one["state"] == "problem"}
    assert {"search-attributes", "namespace", "repair-loop", "workers-crm"} <= wrong, findings
    assert "--name DripAutomation --type Keyword" in findings["search-attributes"]["mend"]


async def on_another_namespace(directory: Path) -> None:
    """Let the ledger belong to a namespace that is not there."""
    ledger = await Ledger.open(f"sqlite:///{directory}/ledger.db")
    async with ledger.transaction() as tx:
        row = "('default', 'temporal', 'elsewhere')"
        await tx.execute(text(f"INSERT INTO facts_about_ledger (center, name, value) VALUES {row}"))
    await ledger.close()


def test_what_is_broken_hides_nothing_else(cut_off: Commands) -> None:
    broken = cut_off.file("connections.yaml", "centers: [")
    status, findings = found(cut_off, DRIPSTONE_CONNECTIONS=broken)
    wrong = {name for name, one in findings.items() if one["state"] == "problem"}
    assert {"connections-file", "temporal", "repair-loop", "account-smtp"} <= wrong
    status, findings = found(cut_off, DRIPSTONE_LEDGER_URL="sqlite:////proc/none/ledger.db")
    assert (status, findings["ledger"]["state"]) == (1, "problem")
    assert {"connections-file", "temporal", "account-smtp"} <= findings.keys()


async def ledger_findings(ledger: Ledger, settings: Settings) -> dict[str, Finding]:
    return {one.check: one for one in await look_at_ledger(ledger, settings)}


async def test_a_key_that_did_not_make_the_ids_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = await Ledger.open(url, "the first key")
    assert (await ledger_findings(ledger, Settings()))["secret"].state == "ok"
    async with ledger.transaction() as tx:
        person = ledger.keyed_hash("person", "default:address:a@x.example")
        row: dict[str, Any] = {"center": "default", "lead": "crm-1", "person": person, "fields": {}}
        row |= {"email": "a@x.example", "updated_at": datetime(2026, 6, 1, tzinfo=UTC)}
        await tx.execute(insert(leads).values(row))
    assert (await ledger_findings(ledger, Settings()))["secret"].state == "ok"
    await ledger.close()
    other = await Ledger.open(url, "another key")
    wrong = (await ledger_findings(other, Settings(secret=SecretStr("another key"))))["secret"]
    await other.close()
    assert (wrong.state, "DRIPSTONE_SECRET" in wrong.mend) == ("problem", True)
    assert "another key" not in wrong.what + wrong.mend


async def test_a_clock_that_is_off_and_a_ledger_that_may_forget_are_found(tmp_path: Path) -> None:
    class Off(Ledger):
        synchronous = "OFF"

    ledger = await Off.open(f"sqlite:///{tmp_path}/ledger.db")
    findings = await ledger_findings(ledger, Settings())
    await ledger.close()
    assert findings["ledger-durable"].state == "problem"
    assert findings["clock"].state == "ok"


@pytest.mark.parametrize(
    ("settings", "check", "state"),
    [
        (Settings(), "webhook-events", "warning"),
        (Settings(ingress=IngressSettings(events_secret=SECRET)), "webhook-events", "ok"),
        (
            Settings(ingress=IngressSettings(events_secret=SecretStr("short"))),
            "webhook-events",
            "problem",
        ),
        (Settings(smtp=SmtpSettings(host="mail.example.com")), "webhook-mail", "problem"),
        (
            Settings(smartlead=SmartleadSettings(api_key=SecretStr("k"))),
            "webhook-smartlead",
            "problem",
        ),
        (Settings(smtp=SmtpSettings(host="mail.example.com")), "public-url", "problem"),
        (Settings(smtp=SmtpSettings(host="127.0.0.1")), "public-url", "ok"),
        (
            Settings(
                smtp=SmtpSettings(host="mail.example.com"),
                ingress=IngressSettings(public_url=PUBLIC),
            ),
            "public-url",
            "ok",
        ),
        (Settings(), "connection-secrets", "warning"),
        (Settings(), "account-slack", "problem"),
        (Settings(), "account-teams", "ok"),
    ],
)
def test_accounts_and_doors_are_judged_by_this_table(
    settings: Settings, check: str, state: str, tmp_path: Path
) -> None:
    file = tmp_path / "connections.yaml"
    file.write_text(HTTP)
    probes = (Probe("slack", "fails", "slack: invalid_auth"), Probe("teams", "not asked", "posts"))
    findings = {
        one.check: one for one in look_at_accounts(settings, load_connections(file), probes)
    }
    assert findings[check].state == state
    assert state == "ok" or findings[check].mend


async def test_a_silent_feed_is_a_problem_and_no_feed_is_said_aloud(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(
        "centers:\n  default:\n    feeds: {replies: {kind: push, max_age: 1 hour}}\n  shop: {}\n"
    )
    connections = load_connections(path)
    ledger = await Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    try:
        (silent, unchecked) = await look_at_feeds(ledger, connections)
        async with ledger.transaction() as tx:
            await hear_of(ledger, tx, "default", "replies")
        (heard, _) = await look_at_feeds(ledger, connections)
    finally:
        await ledger.close()
    assert (silent.state, "replies of center default" in silent.what) == ("problem", True)
    assert (unchecked.state, "is not checked" in unchecked.what) == ("ok", True)
    assert heard.state == "ok"
