"""What the columns of a lead file mean: known names in many spellings, others as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from starters.leads.file import UnreadableFile

KNOWN = {
    "email": "email",
    "emailaddress": "email",
    "id": "id",
    "leadid": "id",
    "salesforceid": "id",
    "sfid": "id",
    "firstname": "first_name",
    "givenname": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "familyname": "last_name",
    "company": "company",
    "companyname": "company",
    "phone": "phone",
    "phonenumber": "phone",
    "telephone": "phone",
    "tel": "phone",
    "mobile": "mobile_phone",
    "mobilephone": "mobile_phone",
    "mobilenumber": "mobile_phone",
    "cellphone": "mobile_phone",
    "zone": "zone",
    "timezone": "zone",
}
"""By their letters and digits alone: "E-mail", "E Mail" and "email" are one name."""

LAST_RESORT = {"contactid": "id"}
"""Files of campaign members have both ids, and one of them is empty in most rows."""

LONGEST = 100


def fields_of(columns: Sequence[str]) -> list[str]:
    """The field that each column fills.

    Raises:
        UnreadableFile: a column has no name, two fill one field, or none says who the lead is.
    """
    names = [_plain(column) for column in columns]
    known = KNOWN if any(KNOWN.get(name) == "id" for name in names) else KNOWN | LAST_RESORT
    fields = [
        field_name(column, known, f"column {place}")
        for place, column in enumerate(columns, start=1)
    ]
    for place, field in enumerate(fields):
        first = fields.index(field)
        if first != place:
            raise UnreadableFile(
                f"columns {first + 1} and {place + 1} both fill {field!r}: take one away, or give "
                "it another name"
            )
    if not {"email", "id"} & set(fields):
        found = ", ".join(repr(column[:40]) for column in columns[:8])
        raise UnreadableFile(
            f"no column says who the lead is: the first line must name one 'email' or 'id', and "
            f"it has {found}"
        )
    return fields


def field_name(written: str, known: Mapping[str, str] = KNOWN, place: str = "a field") -> str:
    """The field of a column or key: "First Name" is first_name; custom Salesforce names stay, and
    so does ``trigger.NAME``, by which a rehearsal says what has started an automation.

    Raises:
        UnreadableFile: it has no letters or digits, or is too long.
    """
    plain = _plain(written)
    if not plain or len(written) > LONGEST:
        raise UnreadableFile(f"{place} has no name that can be used: name it by a word")
    if plain in known:
        return known[plain]
    written = written.strip()
    if re.fullmatch(r"\w+__\w+|trigger\.[a-z_]+", written):
        return written
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written)
    return re.sub(r"\W+", "_", spaced).strip("_").casefold()


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def without_empty(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Fields that say something: an empty cell does not take away what is known already."""
    return {field: value.strip() for field, value in pairs if value.strip()}
