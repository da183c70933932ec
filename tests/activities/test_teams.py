"""The Teams client against the sandbox's workflow, over real HTTP."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from activities.vendors.ports import Never, NotYet, Unclear, VendorFailure
from activities.vendors.teams import Teams, TeamsLogin
from starters.sandbox.faults import Fault
from tests.sandboxed import Running, running_sandbox


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("teams")) as found:
        yield found


def client(running: Running, signature: str = "") -> Teams:
    known = signature or running.sandbox.secrets.teams.signature
    url = f"{running.web}/teams/workflows/1?sig={known}"
    return Teams(TeamsLogin(webhook_url=SecretStr(url)))


async def failure_of(asked: Any) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await asked
    return caught.value


async def test_a_card_says_title_and_lines_and_no_markdown_of_a_lead(running: Running) -> None:
    title = str(uuid.uuid4())
    receipt = await client(running).pin(title, "Ada [here](http://x)\n\n*now*")
    assert receipt.reference.startswith("queued-")
    card = running.sandbox.teams.cards()[-1]
    assert card["lines"][0] == title
    assert card["lines"][1:] == ["Ada \\[here\\]\\(http://x\\)", "\\*now\\*"]


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (Fault("drop_after_commit"), Unclear, "disconnected"),
        (Fault("status", 502), Unclear, "http_502"),
        (Fault("status", 404), Never, "http_404"),
        (Fault("rate_limit", 4), NotYet, "http_429"),
    ],
)
async def test_what_became_of_a_card_is_told_apart(
    running: Running, fault: Fault, kind: type[VendorFailure], code: str
) -> None:
    running.sandbox.faults.set("teams", "card", fault.kind, value=fault.value)
    problem = await failure_of(client(running).pin("", "hello"))
    assert (type(problem), problem.code) == (kind, code)
    if isinstance(problem, NotYet):
        assert problem.retry_after == timedelta(seconds=4)


async def test_a_card_too_large_or_an_address_not_right_says_how_to_mend_it(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert "shorten" in str(await failure_of(client(running).pin("", "x" * 28_000)))
    wrong = await failure_of(client(running, "hush").pin("", "hello"))
    assert (type(wrong), wrong.code) == (Never, "http_401")
    assert "DRIPSTONE_TEAMS__WEBHOOK_URL" in str(wrong)
    assert "hush" not in str(wrong) + caplog.text
