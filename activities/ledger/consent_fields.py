"""Consents among the fields of a lead: ``consent_newsletter: yes 2026-01-05``. Pure.

The channel may stand at the end (``consent_newsletter_sms``; else e-mail), and the date in a field
of its own (``consent_newsletter_at``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from pydantic import JsonValue

from workflows.engine.consent import CHANNELS, Channel, Said, Statement

_FIELD = re.compile(r"consent_(?P<name>[a-z][a-z0-9_-]{0,62})")
_YES, _NO = ("yes", "y", "true", "1", "given"), ("no", "n", "false", "0", "withdrawn")
_MEND = "write 'yes' and its date, as in 'yes 2026-01-05', or 'no'"


class BadConsent(ValueError):
    """A consent that cannot be read; the message names the field and holds no value."""


def split_consents(
    fields: Mapping[str, JsonValue],
) -> tuple[dict[str, JsonValue], tuple[Statement, ...]]:
    """The other fields, and what is said of consents.

    Raises:
        BadConsent: a value that is neither yes with its date nor no.
    """
    said = {field: value for field, value in fields.items() if _FIELD.fullmatch(field)}
    rest = {field: value for field, value in fields.items() if field not in said}
    dates = {field for field in said if field.endswith("_at") and field[:-3] in said}
    statements = [
        _statement(field, value, said.get(f"{field}_at"))
        for field, value in said.items()
        if field not in dates and str(value if value is not None else "").strip()
    ]
    return rest, tuple(statements)


def _statement(field: str, value: JsonValue, on: JsonValue) -> Statement:
    name, channel = _name_and_channel(field.removeprefix("consent_"))
    word, _, rest = str(value).strip().partition(" ")
    written = rest.strip() or str(on or "").strip()
    state: Said | None = None
    if word.casefold() in (*_YES, *_NO):
        state = "given" if word.casefold() in _YES else "withdrawn"
    elif not rest:
        state, written = "given", word  # the date alone
    if state is None or (state == "given" and not written):
        # Without its date an old file, imported again, would undo a withdrawal.
        raise BadConsent(f"{field}: {_MEND}")
    return Statement(name, state, _instant(field, written) if written else None, channel)


def _name_and_channel(written: str) -> tuple[str, Channel]:
    for channel in CHANNELS:
        if written.endswith(f"_{channel}"):
            return written.removesuffix(f"_{channel}"), channel
    return written, "email"


def _instant(field: str, written: str) -> datetime:
    try:
        if len(written) == 10:
            return datetime.combine(date.fromisoformat(written), time(), UTC)
        found = datetime.fromisoformat(written)
    except ValueError:
        raise BadConsent(f"{field}: {_MEND}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
