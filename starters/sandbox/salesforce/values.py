"""What a Salesforce field accepts, and the refusal that names the field when it does not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from starters.sandbox.salesforce.ids import full_id
from starters.sandbox.salesforce.schema import PREFIXES, Field

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()]+")


class Refusal(Exception):
    """Salesforce's no: an HTTP status, an errorCode, a message, and the fields it is about."""

    def __init__(self, status: int, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = list(fields)

    def as_json(self) -> dict[str, object]:
        """One element of the list that a refused request answers."""
        body: dict[str, object] = {"message": self.message, "errorCode": self.code}
        return {**body, "fields": self.fields} if self.fields else body


def accepted(field: Field, value: Any) -> Any:
    """``value`` as Salesforce stores it; raises Refusal when the field cannot hold it."""
    if value is None or value == "":
        return False if field.kind == "boolean" else None
    return _READERS[field.kind](field, value)


def instant(text: str) -> datetime:
    """A dateTime as Salesforce reads it: ISO 8601 with a zone. Raises ValueError."""
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise ValueError("not a dateTime")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a dateTime needs a zone")
    return at


def _mistyped(field: Field, value: Any, wanted: str) -> Refusal:
    return Refusal(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {wanted} from {type(value).__name__} value for "
        f"{field.name}",
    )


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _mistyped(field, value, "string")
    if len(value) > field.length:
        raise Refusal(
            400,
            "STRING_TOO_LONG",
            f"{field.name}: data value too large: {value[:30]}... (max length={field.length})",
            field.name,
        )
    if field.choices and value not in field.choices:
        raise Refusal(
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.name}: bad value for restricted picklist field: {value}",
            field.name,
        )
    return value


def _email(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not _EMAIL.fullmatch(text):
        message = f"{field.name}: invalid email address: {text}"
        raise Refusal(400, "INVALID_EMAIL_ADDRESS", message, field.name)
    return text


def _boolean(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _mistyped(field, value, "boolean")
    return value


def _date(field: Field, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise _mistyped(field, value, "date")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise _mistyped(field, value, "date") from None


def _datetime(field: Field, value: Any) -> str:
    try:
        at = instant(str(value))
    except ValueError:
        raise _mistyped(field, value, "datetime") from None
    return stamp(at)


def stamp(at: datetime) -> str:
    """A dateTime as the REST API answers it: UTC, milliseconds, +0000."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def _int(field: Field, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mistyped(field, value, "int")
    return value


def _double(field: Field, value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _mistyped(field, value, "double")
    return float(value)


def _reference(field: Field, value: Any) -> str:
    whole = full_id(value) if isinstance(value, str) else None
    if whole is None:
        message = f"{field.name}: id value of incorrect type: {value}"
        raise Refusal(400, "MALFORMED_ID", message, field.name)
    if field.targets and PREFIXES.get(whole[:3]) not in field.targets:
        message = f"{field.name}: id value of incorrect type: {value}"
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", message, field.name)
    return whole


_READERS = {
    "string": _text,
    "email": _email,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "int": _int,
    "double": _double,
    "reference": _reference,
}
