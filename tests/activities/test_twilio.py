"""The Twilio client against the sandbox account, over real HTTP."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from activities.vendors.ports import (
    Never,
    NoSuchNumber,
    NotYet,
    OptedOut,
    TextMessage,
    Unclear,
    VendorFailure,
)
from activities.vendors.twilio import Twilio, TwilioLogin
from starters.sandbox.faults import Fault
from tests.sandboxed import Running, running_sandbox

NUMBER = "+12025550123"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("twilio")) as found:
        yield found


@pytest.fixture
def twilio(running: Running) -> Iterator[Twilio]:
    yield Twilio(login(running))
    running.sandbox.faults.clear()


def login(running: Running, **changed: Any) -> TwilioLogin:
    known = running.sandbox.secrets.twilio
    fields: dict[str, Any] = {
        "account_sid": known.account_sid,
        "auth_token": SecretStr(known.auth_token),
        "sender": known.numbers[0],
        "base_url": f"{running.web}/twilio",
        "status_url": "http://127.0.0.1:1/webhooks/twilio",
    }
    return TwilioLogin(**fields | changed)


def message(text: str, number: str = NUMBER, sender: str = "+15005550006") -> TextMessage:
    return TextMessage(sender, number, text, "m" * 40)


async def nothing() -> None:
    """Nothing to be written down."""


async def failure_of(asked: Any) -> VendorFailure:
    with pytest.raises(VendorFailure) as caught:
        await asked
    assert caught.value.__cause__ is None
    return caught.value


def sent(running: Running, text: str) -> list[dict[str, Any]]:
    return [one for one in running.sandbox.twilio.messages() if one["body"] == text]


async def test_a_message_is_sent_with_an_address_for_what_becomes_of_it(
    running: Running, twilio: Twilio
) -> None:
    text = f"Grüße & so + {uuid.uuid4()}"
    receipt = await twilio.send_text(message(text), nothing)
    (one,) = sent(running, text)
    assert (one["sid"], one["to"], one["from"]) == (receipt.reference, NUMBER, "+15005550006")
    assert one["status_callback"] == f"http://127.0.0.1:1/webhooks/twilio?key={'m' * 40}"


async def test_a_messaging_service_sends_under_its_own_name(
    running: Running, twilio: Twilio
) -> None:
    service, text = running.sandbox.secrets.twilio.service, str(uuid.uuid4())
    await twilio.send_text(message(text, sender=service), nothing)
    assert sent(running, text)[0]["messaging_service_sid"] == service
    found = await twilio.find_text(message(text, sender=service), LONG_AGO, ())
    assert found is not None


@pytest.mark.parametrize(
    ("fault", "expected", "count"),
    [
        (Fault("drop_after_commit"), (Unclear, "disconnected"), 1),
        (Fault("drop"), (Unclear, "disconnected"), 0),
        (Fault("html"), (Unclear, "http_503"), 0),
        (Fault("status", 500), (Unclear, "20500"), 0),
        (Fault("status", 503), (Unclear, "20500"), 0),
        (Fault("rate_limit", 7), (NotYet, "20429"), 0),
        (Fault("code", 21610), (OptedOut, "21610"), 0),
        (Fault("code", 21211), (NoSuchNumber, "21211"), 0),
        (Fault("code", 21614), (NoSuchNumber, "21614"), 0),
        (Fault("code", 21408), (Never, "21408"), 0),
        (Fault("code", 29999), (Never, "29999"), 0),
    ],
)
async def test_a_message_is_posted_once_and_what_became_of_it_is_told_apart(
    running: Running,
    twilio: Twilio,
    fault: Fault,
    expected: tuple[type[VendorFailure], str],
    count: int,
) -> None:
    text = str(uuid.uuid4())
    running.sandbox.faults.set("twilio", "messages", fault.kind, value=fault.value)
    problem = await failure_of(twilio.send_text(message(text), nothing))
    assert (type(problem), problem.code) == expected
    if isinstance(problem, NotYet):
        assert problem.retry_after == timedelta(seconds=7)
    assert len(sent(running, text)) == count


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (message("hello", number="07911 123456"), "21211"),
        (message("hello", sender="+19999999999"), "21606"),
        (message("x" * 1601), "21617"),
        (message(" "), "21602"),
    ],
)
async def test_a_message_that_twilio_refuses_is_never(
    twilio: Twilio, wrong: TextMessage, code: str
) -> None:
    problem = await failure_of(twilio.send_text(wrong, nothing))
    assert isinstance(problem, Never)
    assert problem.code == code


async def test_a_message_that_takes_too_long_is_unclear(running: Running) -> None:
    hasty = Twilio(login(running), time_out=timedelta(milliseconds=500))
    running.sandbox.faults.set("twilio", "messages", "slow", value=600)
    problem = await failure_of(hasty.send_text(message("slowly"), nothing))
    assert (type(problem), problem.code) == (Unclear, "timeout")


async def test_what_the_hand_over_raises_passes_through_and_nothing_is_sent(
    running: Running, twilio: Twilio
) -> None:
    async def too_late() -> None:
        raise NotYet("dripstone", "lease_lost", "another attempt has it")

    text = str(uuid.uuid4())
    assert (await failure_of(twilio.send_text(message(text), too_late))).code == "lease_lost"
    assert sent(running, text) == []


async def test_a_message_is_found_again_by_what_it_says_unless_it_is_known_or_older(
    running: Running, twilio: Twilio
) -> None:
    text = str(uuid.uuid4())
    first = await twilio.send_text(message(text), nothing)
    assert await twilio.find_text(message(text), LONG_AGO, ()) == first
    assert await twilio.find_text(message(text), LONG_AGO, (first.reference,)) is None
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert await twilio.find_text(message(text), later, ()) is None
    assert await twilio.find_text(message("other"), LONG_AGO, ()) is None
    other = message(text, sender=running.sandbox.secrets.twilio.numbers[1])
    assert await twilio.find_text(other, LONG_AGO, ()) is None


async def test_a_lost_answer_to_the_list_can_be_asked_again(
    running: Running, twilio: Twilio
) -> None:
    running.sandbox.faults.set("twilio", "list", "drop")
    assert isinstance(await failure_of(twilio.find_text(message("x"), LONG_AGO, ())), NotYet)


async def test_a_wrong_token_names_the_setting_and_an_account_out_of_reach_is_not_yet(
    running: Running,
) -> None:
    wrong = Twilio(login(running, auth_token=SecretStr("hush-hush")))
    problem = await failure_of(wrong.send_text(message("x"), nothing))
    assert (type(problem), problem.code) == (Never, "20003")
    assert "DRIPSTONE_TWILIO__AUTH_TOKEN" in str(problem)
    assert "hush" not in str(problem)
    away = Twilio(login(running, base_url="http://127.0.0.1:1"))
    assert type(await failure_of(away.send_text(message("x"), nothing))) is NotYet


async def test_neither_number_nor_text_reaches_a_log_or_a_description(
    running: Running, twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secret = message("hush, a secret")
    await twilio.send_text(secret, nothing)
    await twilio.find_text(secret, LONG_AGO, ())
    running.sandbox.faults.set("twilio", "messages", "code", value=21211)
    problem = await failure_of(twilio.send_text(secret, nothing))
    for said in (caplog.text, repr(secret), str(problem)):
        assert "hush" not in said
        assert NUMBER not in said
