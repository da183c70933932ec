"""The frame of the sandbox vendors: log, faults, levers, pages, and coming back after a kill."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from starters.sandbox.faults import Fault, Faults
from starters.sandbox.log import Log
from tests.patience import PATIENCE, until_blocking
from tests.sandboxed import Running, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture(scope="module")
def web(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.web, timeout=PATIENCE) as client:
        yield client


def _mail(running: Running, subject: str, html: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@x.example", "b@y.example", subject
    message.set_content("Plain & simple")
    message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", running.ports.smtp_port) as server:
        server.send_message(message)


def test_the_log_keeps_what_was_appended_and_skips_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = Log(path)
    first.append("salesforce", "create", id="1")
    first.close()
    with path.open("ab") as file:
        file.write(b'{"at": "2026-')
    second = Log(path)
    second.append("salesforce", "create", id="2")
    assert [entry["details"]["id"] for entry in second.entries()] == ["1", "2"]
    assert second.entries()[0]["at"].endswith("Z")
    second.close()


def test_faults_strike_in_the_order_they_were_set_and_as_often() -> None:
    faults = Faults()
    faults.set("slack", "post", "html", times=2)
    faults.set("slack", "post", "slow", value=3)
    taken = [faults.take("slack", "post") for _ in range(4)]
    assert taken == [Fault("html"), Fault("html"), Fault("slow", 3), None]
    assert faults.take("slack", "other") is None


def test_faults_are_ordered_listed_and_cleared_over_http(web: httpx.Client) -> None:
    order = {"vendor": "slack", "point": "api", "kind": "html", "times": 2}
    assert web.post("/_faults", json=order).status_code == 201
    assert web.get("/_faults").json()["pending"] == [{**order, "value": None}]
    assert web.delete("/_faults").status_code == 204
    assert web.get("/_faults").json()["pending"] == []


def test_clearing_the_faults_lets_go_of_what_one_keeps_waiting(
    web: httpx.Client, running: Running
) -> None:
    mark = running.mark()
    running.sandbox.faults.set("receiver", "call", "slow", value=600)
    headers = {"Authorization": f"Bearer {running.sandbox.secrets.receiver.token}"}
    with ThreadPoolExecutor(1) as pool:
        kept = pool.submit(web.get, "/receiver/x", headers=headers)
        until_blocking(lambda: running.logged("receiver", "fault", mark))
        assert not kept.done()
        assert web.delete("/_faults").status_code == 204
        assert kept.result().status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_faults", {"vendor": "slack"}),
        ("/_faults", {"vendor": "slack", "point": "api", "kind": "html", "times": 0}),
        ("/_seed", {"object": "Spaceship", "fields": {}}),
        ("/_seed", {"object": "Lead", "fields": {"LastName": "x"}}),
        ("/_seed", {"object": "SlackUser", "fields": {}}),
    ],
)
def test_a_wrong_order_is_refused_with_its_problems(
    web: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    answer = web.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["problems"]


def test_seeded_records_are_in_the_log_and_in_the_org(web: httpx.Client, running: Running) -> None:
    body = {"object": "Lead", "fields": {"LastName": "Seed", "Company": "Acme"}}
    lead = web.post("/_seed", json=body).json()["id"]
    created = [e for e in web.get("/_log?vendor=salesforce").json() if e["action"] == "create"]
    assert lead in {entry["details"]["id"] for entry in created}
    assert lead in {row["Id"] for row in running.sandbox.salesforce.rows("Lead")}


def test_pages_escape_what_strangers_wrote(web: httpx.Client, running: Running) -> None:
    evil = "<script>alert(1)</script>"
    lead = running.sandbox.salesforce.seed_lead(LastName="Ill", Company=evil)
    task = running.sandbox.salesforce.seed("Task", Subject=f"Task {evil}", WhoId=lead)
    _mail(running, f"Subject {evil}", f"<p>Hi</p>{evil}")
    mail = running.sandbox.mail.messages()[-1].path.stem
    twilio = running.sandbox.secrets.twilio
    path = f"/twilio/2010-04-01/Accounts/{twilio.account_sid}/Messages.json"
    text = {"To": "+12025550123", "From": twilio.numbers[0], "Body": evil}
    assert web.post(path, data=text, auth=(twilio.account_sid, twilio.auth_token)).is_success
    pages = {
        "/": "Received",
        "/inbox": "b@y.example",
        f"/inbox/{mail}": "Plain &amp; simple",
        "/crm": lead,
        f"/crm/Lead/{lead}": task,
        "/slack-messages": "Slack",
        "/texts": "+12025550123",
        "/teams-cards": "Nothing yet",
    }
    for path, expected in pages.items():
        answer = web.get(path)
        assert (answer.status_code, expected in answer.text) == (200, True), path
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/inbox/none", "/crm/Lead/none", "/crm/Spaceship/none"])
def test_a_page_for_nothing_is_404(web: httpx.Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_without_a_session_nothing_is_answered(web: httpx.Client) -> None:
    answer = web.get("/salesforce/services/data/v59.0/sobjects/Lead/x")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_sandbox_killed_in_the_middle_comes_back_with_its_records(tmp_path: Path) -> None:
    first = _start(tmp_path)
    ports = json.loads(_line(first))
    kept = json.loads((tmp_path / "ports.json").read_text())
    assert ports == {"ready": True, **kept}
    web = f"http://127.0.0.1:{ports['http_port']}"
    body = {"object": "Lead", "fields": {"LastName": "Kept", "Company": "Acme"}}
    lead = httpx.post(f"{web}/_seed", json=body, timeout=PATIENCE).json()["id"]
    first.send_signal(signal.SIGKILL)
    first.communicate()
    second = _start(tmp_path)
    web = f"http://127.0.0.1:{json.loads(_line(second))['http_port']}"
    assert "Kept" in httpx.get(f"{web}/crm/Lead/{lead}", timeout=PATIENCE).text
    other = httpx.post(f"{web}/_seed", json=body, timeout=PATIENCE).json()["id"]
    assert other != lead
    second.send_signal(signal.SIGTERM)
    second.communicate()
    assert second.returncode == 0


def _start(directory: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "starters.sandbox", "--directory", str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()
