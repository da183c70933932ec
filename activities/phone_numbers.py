"""Phone numbers: whatever people write, in the one form that vendors take (ITU-T E.164)."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from pydantic import JsonValue

_COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


class NotAPhoneNumber(ValueError):
    """Nothing that a text message can be sent to; says why, and never the number itself."""


def e164(written: JsonValue, region: str | None) -> str:
    """The number as ``+`` and digits. ``region`` (ISO 3166, two letters) is for numbers without +.

    Raises:
        NotAPhoneNumber: empty, no number of any country, or one that costs whoever writes to it.
    """
    text = str(written).strip() if isinstance(written, str | int) else ""
    if not text:
        raise NotAPhoneNumber("there is none")
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise NotAPhoneNumber(_why_unreadable(text, region)) from None
    if not phonenumbers.is_valid_number(number):
        raise NotAPhoneNumber("there is no such number in its country")
    if phonenumbers.number_type(number) in _COSTLY:
        raise NotAPhoneNumber("it is a premium or shared-cost number")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def is_region(region: str) -> bool:
    """Whether this is the code of a country that has phone numbers, such as GB."""
    return region in phonenumbers.SUPPORTED_REGIONS


def _why_unreadable(text: str, region: str | None) -> str:
    if region is None and not text.startswith("+"):
        return "it has no country code (+44 ...), and the center has no phone_region"
    return "it is no phone number"
