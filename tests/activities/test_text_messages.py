"""What a text message is made of: numbers in one form, segments as networks count them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from activities.ledger.connections import CenterConnections
from activities.ledger.leads import Lead
from activities.phone_numbers import NotAPhoneNumber, e164
from activities.sms_text import segments_of
from activities.templates import TemplateProblem
from activities.text_messages import text_payload
from workflows.engine.effects import SendSms


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+1 202-555-0123", None, "+12025550123"),
        ("(202) 555 0123", "US", "+12025550123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0044 20 7946 0123", "DE", "+442079460123"),
        (12025550123, "US", "+12025550123"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(
    written: str | int, region: str | None, number: str
) -> None:
    assert e164(written, region) == number


@pytest.mark.parametrize(
    ("written", "region", "why"),
    [
        ("", "GB", "there is none"),
        (None, "GB", "there is none"),
        (["+12025550123"], "GB", "there is none"),
        ("020 7946 0123", None, "no country code"),
        ("ask Kim", "GB", "no phone number"),
        ("+44 20 794", "GB", "no such number"),
        ("0906 123 4567", "GB", "premium"),
    ],
)
def test_what_cannot_be_written_to_says_why_and_not_the_number(
    written: str | None, region: str | None, why: str
) -> None:
    with pytest.raises(NotAPhoneNumber, match=why) as refusal:
        e164(written, region)
    assert "7946" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 0),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("àé", "GSM-7", 1),
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),
        ("\u2019" + "a" * 69, "UCS-2", 1),
        ("🪨" * 35, "UCS-2", 1),
        ("🪨" * 36, "UCS-2", 2),
        ("🪨" * 67, "UCS-2", 3),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, encoding: str, count: int) -> None:
    found = segments_of(text)
    assert (found.encoding, found.count) == (encoding, count)


def effect(text: str, field: str = "phone") -> SendSms:
    return SendSms(
        kind="send_sms",
        enrollment="enrollment:spring:x-1",
        entry=1,
        step="a",
        visit=1,
        text=text,
        recipient_field=field,
    )


LEAD = Lead("default", "x-1", "p", None, None, {"phone": "020 7946 0123", "first_name": "Ada"})
HERE = CenterConnections(phone_region="GB")


def test_a_message_has_its_words_filled_in_and_its_size_told() -> None:
    said = text_payload(effect("Hi {{ lead.first_name }}\n"), LEAD, HERE, "+15005550006")
    assert (said["to"], said["text"]) == ("+442079460123", "Hi Ada")
    assert (said["from"], said["segments"], said["encoding"]) == ("+15005550006", 1, "GSM-7")
    own = CenterConnections(phone_region="GB", sms_sender="Dripstone")
    assert text_payload(effect("Hi"), LEAD, own, "+15005550006")["from"] == "Dripstone"


def test_without_a_number_there_is_only_the_reason() -> None:
    said = text_payload(effect("Hi {{ lead.nothing }}", "mobile_phone"), LEAD, HERE, "x")
    assert said == {"problem": "the lead's 'mobile_phone' takes no text message: there is none"}


@pytest.mark.parametrize("text", ["{{ lead.nothing }}", "{{ lead.x | default: ' ' }}", "a" * 1601])
def test_a_text_that_is_not_to_be_sent_is_refused(text: str) -> None:
    with pytest.raises(TemplateProblem):
        text_payload(effect(text), LEAD, HERE, "x")


@pytest.mark.parametrize("fields", [{"phone_region": "XX"}, {"sms_sender": "+0"}])
def test_a_country_or_a_sender_that_cannot_be_is_told(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        CenterConnections.model_validate(fields)
