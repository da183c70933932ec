"""Every vendor is asked by a call that changes nothing, and says whether it lets us in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import Settings
from tests.sandboxed import Running, running_sandbox
from tests.workflows.sandbox_settings import settings_for
from workers.probing import UNASKED, probe_vendors

ASKED = ("smtp", "salesforce", "slack", "hubspot", "marketo", "smartlead", "twilio")
WRONG: dict[str, dict[str, Any]] = {
    "salesforce": {"client_secret": SecretStr("wrong")},
    "slack": {"token": SecretStr("wrong")},
    "hubspot": {"token": SecretStr("wrong")},
    "marketo": {"client_secret": SecretStr("wrong")},
    "smartlead": {"api_key": SecretStr("wrong")},
    "twilio": {"auth_token": SecretStr("wrong-wrong")},
    "smtp": {"port": 1},
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


async def test_who_lets_us_in_answers_and_nothing_is_left_behind(
    sandbox: Running, tmp_path: Path
) -> None:
    settings = settings_for(sandbox, tmp_path)
    found = {probe.vendor: probe.state for probe in await probe_vendors(settings)}
    assert found == dict.fromkeys(ASKED, "answers") | dict.fromkeys(UNASKED, "not asked")
    assert sandbox.sandbox.slack.messages() == []
    assert sandbox.sandbox.mail.messages() == []
    assert sandbox.sandbox.hubspot.rows("contacts") == []
    assert sandbox.sandbox.salesforce.rows("Task") == []


@pytest.mark.parametrize("vendor", ASKED)
async def test_a_wrong_secret_is_found_and_not_repeated(
    sandbox: Running, tmp_path: Path, vendor: str
) -> None:
    settings = settings_for(sandbox, tmp_path)
    section = getattr(settings, vendor).model_copy(update=WRONG[vendor])
    wrong = settings.model_copy(update={vendor: section})
    states = {probe.vendor: probe for probe in await probe_vendors(wrong)}
    assert [one for one, probe in states.items() if probe.state == "fails"] == [vendor]
    assert states[vendor].said.startswith(f"{vendor}: ")
    assert "wrong-wrong" not in states[vendor].said


async def test_what_is_not_configured_is_not_asked() -> None:
    assert await probe_vendors(Settings()) == ()
