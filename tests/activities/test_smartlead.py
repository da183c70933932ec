"""The Smartlead client against the sandbox account, over real HTTP."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from activities.errors import as_application_error
from activities.vendors.ports import LentLead, Never, NotYet, VendorFailure
from activities.vendors.smartlead import Smartlead, SmartleadLogin
from starters.sandbox.faults import Fault
from tests.patience import PATIENCE
from tests.sandboxed import Running, running_sandbox

CAMPAIGN, OTHER = 4711, 4712


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("smartlead")) as found:
        yield found


@pytest.fixture
def smartlead(running: Running) -> Iterator[Smartlead]:
    yield client(running, running.sandbox.secrets.smartlead.api_key)
    running.sandbox.faults.clear()


def client(running: Running, key: str, base_url: str = "", seconds: float = PATIENCE) -> Smartlead:
    base_url = base_url or f"{running.web}/smartlead/api/v1"
    return Smartlead(SmartleadLogin(api_key=SecretStr(key), base_url=base_url), seconds)


def somebody() -> str:
    return f"{uuid.uuid4().hex}@lead.example"


async def failure_of(asked: Any) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await asked
    assert caught.value.__cause__ is None
    return caught.value


async def test_a_lead_that_is_added_twice_is_one_lead(
    running: Running, smartlead: Smartlead
) -> None:
    email = somebody()
    assert await smartlead.find_lead(CAMPAIGN, email) is None
    lead = {"email": email, "first_name": "Ada", "company": "Quarry", "industry": "stone"}
    await smartlead.add_lead(CAMPAIGN, lead, "key-1")
    await smartlead.add_lead(CAMPAIGN, lead, "key-1")
    (member,) = running.sandbox.smartlead.members(email)
    assert member.custom_fields == {"industry": "stone", "dripstone_key": "key-1"}
    assert await smartlead.find_lead(CAMPAIGN, email) == LentLead(str(member.id), "key-1")
    assert await smartlead.find_lead(OTHER, email) is None


async def test_a_lead_is_mailed_until_it_is_paused_and_again_once_it_is_resumed(
    running: Running, smartlead: Smartlead
) -> None:
    email, vendor = somebody(), running.sandbox.smartlead
    await smartlead.add_lead(CAMPAIGN, {"email": email}, "key")
    lead = str(vendor.members(email)[0].id)
    vendor.tick()
    assert await smartlead.pause_lead(CAMPAIGN, lead)
    vendor.tick()
    assert len(vendor.mails(email)) == 1
    await smartlead.resume_lead(CAMPAIGN, lead)
    vendor.tick()
    assert len(vendor.mails(email)) == 2
    assert not await smartlead.pause_lead(CAMPAIGN, lead)  # on its last mail
    await smartlead.remove_lead(CAMPAIGN, lead)
    await smartlead.remove_lead(CAMPAIGN, lead)
    assert not await smartlead.pause_lead(CAMPAIGN, lead)
    vendor.tick()
    assert len(vendor.mails(email)) == 2


async def test_a_lead_that_the_campaign_does_not_take_says_why(smartlead: Smartlead) -> None:
    email = somebody()
    await smartlead.add_lead(CAMPAIGN, {"email": email}, "key")
    elsewhere = await failure_of(smartlead.add_lead(OTHER, {"email": email}, "key"))
    unusable = await failure_of(smartlead.add_lead(CAMPAIGN, {"email": "nobody"}, "key"))
    unknown = await failure_of(smartlead.add_lead(1, {"email": email}, "key"))
    assert [one.code for one in (elsewhere, unusable, unknown)] == [
        "in_other_campaign",
        "invalid_email",
        "http_404",
    ]
    assert isinstance(elsewhere, Never)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("status", 503), ("http_503", NotYet)),
        (Fault("status", 400), ("http_400", Never)),
        (Fault("html"), ("http_503", NotYet)),
        (Fault("rate_limit", 30), ("http_429", NotYet)),
        (Fault("drop"), ("disconnected", NotYet)),
        (Fault("drop_after_commit"), ("disconnected", NotYet)),
        (Fault("slow", 600), ("timeout", NotYet)),
    ],
    ids=lambda part: part.kind if isinstance(part, Fault) else None,
)
async def test_every_failure_says_whether_to_try_again_and_never_quotes_the_call(
    running: Running,
    smartlead: Smartlead,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    expected: tuple[str, type[VendorFailure]],
) -> None:
    caplog.set_level(logging.DEBUG)
    running.sandbox.faults.set("smartlead", "add", fault.kind, value=fault.value)
    email, key = somebody(), running.sandbox.secrets.smartlead.api_key
    if fault.kind == "slow":
        smartlead = client(running, key, seconds=1)
    failure = await failure_of(smartlead.add_lead(CAMPAIGN, {"email": email}, "key"))
    assert (failure.code, type(failure)) == expected
    if failure.code == "http_429":
        assert as_application_error(failure).next_retry_delay == timedelta(seconds=30)
    said = f"{failure!r} {as_application_error(failure)!r} {caplog.text}"
    assert (key in said, email in said) == (False, False)


async def test_a_wrong_key_and_a_wrong_address_name_their_settings(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")  # which others keep quiet: it tells addresses
    email = somebody()
    wrong = await failure_of(client(running, "not-the-key").find_lead(CAMPAIGN, email))
    assert (wrong.code, "DRIPSTONE_SMARTLEAD__API_KEY" in str(wrong)) == ("invalid_api_key", True)
    nowhere = client(running, "not-the-key", "http://127.0.0.1:1/api/v1")
    assert (await failure_of(nowhere.find_lead(CAMPAIGN, email))).code == "refused"
    assert "HTTP Request: GET" in caplog.text
    assert ("not-the-key" in caplog.text, email in caplog.text) == (False, False)
