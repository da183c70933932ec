"""Lead ids as people have them: Salesforce ids of 15 or 18 characters become ``sf-`` and 18."""

from __future__ import annotations

import re

from activities.ledger.leads import BadLead, check_lead_id

_BARE = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def lead_id(written: str) -> str:
    """The lead id that was meant.

    Raises:
        BadLead: neither a Salesforce id nor ``{source}-{key}``, or one whose last three letters
            do not fit the rest: something (a spreadsheet) has changed its case.
    """
    bare = written.strip().removeprefix("sf-")
    if not _BARE.fullmatch(bare):
        return check_lead_id(written.strip())
    whole = bare[:15] + checksum(bare[:15])
    if len(bare) == 18 and whole.lower() != bare.lower():
        raise BadLead("id: this is no Salesforce id: its last three letters do not fit the rest")
    if len(bare) == 18 and whole != bare:
        raise BadLead(
            "id: the upper and lower case of this Salesforce id was changed on its way: "
            "export it again"
        )
    return f"sf-{whole}"


def checksum(fifteen: str) -> str:
    """The three letters that make a case-sensitive id one of 18 characters.

    Each letter tells which of five characters are upper case (Salesforce, "18-digit record IDs").
    """
    return "".join(
        _LETTERS[sum(1 << place for place, char in enumerate(part) if char.isupper())]
        for part in (fifteen[0:5], fifteen[5:10], fifteen[10:15])
    )
