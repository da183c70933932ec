"""What Twilio posts: signatures, what is no webhook, and which texts opt out or take it back."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from starters.webhooks.sms_words import asks_to_start, asks_to_stop
from starters.webhooks.twilio import (
    InboundText,
    TextStatus,
    UnreadableText,
    is_signed,
    parse,
    read_form,
)

ACCOUNT = "AC" + "0" * 32
ANSWER = {
    "AccountSid": ACCOUNT,
    "MessageSid": f"SM{1:032}",
    "From": "+12025550123",
    "To": "+15005550006",
    "Body": "Grüße & so",
}
STATUS = {"AccountSid": ACCOUNT, "MessageSid": f"MM{1:032}", "MessageStatus": "failed"}


def sign(url: str, token: str = "token") -> str:
    said = url + "".join(f"{name}{ANSWER[name]}" for name in sorted(ANSWER))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.parametrize(
    ("address", "signature", "is_right"),
    [
        ("https://a.example/x?key=1", sign("https://a.example/x?key=1"), True),
        ("https://a.example/x", sign("https://a.example:443/x"), True),
        ("https://a.example:8443/x", sign("https://a.example/x"), True),
        ("http://[::1]:80/x", sign("http://[::1]/x"), True),
        ("https://a.example/x?key=1", sign("https://a.example/x"), False),
        ("https://a.example/x", sign("https://b.example/x"), False),
        ("https://a.example/x", sign("https://a.example/x", "other"), False),
        ("https://a.example/x", "", False),
        ("https://a.example/x", "\u00fc", False),
    ],
)
def test_a_signature_covers_the_address_with_or_without_its_port(
    address: str, signature: str, is_right: bool
) -> None:
    assert is_signed(address, list(ANSWER.items()), signature, "token") is is_right


def test_a_field_that_was_changed_or_added_breaks_the_signature() -> None:
    form = list(ANSWER.items())
    known = sign("https://a.example/x")
    for changed in ([*form, ("Body", "x")], [*form, ("X", "")], form[:-1]):
        assert not is_signed("https://a.example/x", changed, known, "token")


def test_what_was_posted_is_read() -> None:
    read = parse(read_form(b"&".join(_pairs(ANSWER | {"New": ""}))), ACCOUNT)
    assert isinstance(read, InboundText)
    assert (read.wish, read.text, read.sender) == ("reply", "Grüße & so", "+12025550123")
    told = parse(list((STATUS | {"ErrorCode": "21610"}).items()), ACCOUNT)
    assert isinstance(told, TextStatus)
    assert (told.opted_out, told.is_hard) == (True, False)


def _pairs(form: dict[str, str]) -> list[bytes]:
    return [urlencode({name: value}).encode() for name, value in form.items()]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (ANSWER | {"AccountSid": "AC" + "1" * 32}, "AccountSid"),
        (ANSWER | {"MessageSid": "SM1"}, "MessageSid"),
        (ANSWER | {"From": "ada@lead.example"}, "From"),
        (ANSWER | {"To": "whatsapp:+12025550123"}, "To"),
        ({name: ANSWER[name] for name in ANSWER if name != "Body"}, "Body"),
        (STATUS | {"MessageStatus": "vanished"}, "MessageStatus"),
        (STATUS | {"ErrorCode": "none"}, "ErrorCode"),
    ],
)
def test_what_is_no_webhook_of_twilio_names_the_field_and_not_what_it_holds(
    changed: dict[str, str], field: str
) -> None:
    with pytest.raises(UnreadableText, match=field) as problem:
        parse(list(changed.items()), ACCOUNT)
    assert changed.get(field) is None or changed[field] not in str(problem.value)
    with pytest.raises(UnreadableText, match="twice"):
        parse([*ANSWER.items(), ("Body", "STOP")], ACCOUNT)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop.",
            "S T O P",
            "Stop all!",
            "🛑 STOP 🛑",
            "unsubscribe",
            "CANCEL",
            "End",
            "quit",
        ),
        *("STOPP", "Abmelden", "Kündigen!", "ARRÊT", "arret", "Désabonner", "BAJA", "Cancelar"),
        *(
            "Afmelden",
            "UITSCHRIJVEN",
            "Sair",
            "Parar",
            "Ferma",
            "CANCELLAMI",
            "стоп",
            "退订",
            "停止",
        ),
        *("Please stop", "stop it now", "please stop texting me", "Don't text me again"),
        *("do not contact me", "opt me out", "Bitte keine SMS mehr", "plus de SMS svp"),
        "take me off your list",
    ],
)
def test_who_wants_no_more_is_understood(text: str) -> None:
    assert asks_to_stop(text)
    assert not asks_to_start(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yes", "no", "At the end of the week?", "Cancel my meeting tomorrow", "non-stop"),
        *("Who is this?", "When does it stop?", "remove the second item please", "I quit smoking"),
        *("Ende", "stopwatch", "START", "help"),
    ],
)
def test_an_answer_that_has_such_a_word_in_it_is_an_answer(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize(
    ("text", "starts"),
    [("START", True), ("Start!", True), ("unstop", True), ("yes", False), ("start over?", False)],
)
def test_only_a_word_of_its_own_takes_a_stop_back(text: str, starts: bool) -> None:
    assert asks_to_start(text) is starts
