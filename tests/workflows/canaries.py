"""Canaries: a person and secrets that are told apart from everything else, wherever they end up."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, JsonValue, SecretStr
from sqlalchemy import select

from activities.ledger import Ledger
from activities.ledger.tables import metadata

FIRST, LAST, COMPANY = "Canariella", "Birdwhistle", "Feathertop Aviaries"
STREET, WORDS = "17 Nestingbox Lane", "Zwitschern you may hear from me on thursday"
PERSON: dict[str, str] = {
    "first name": FIRST,
    "last name": LAST,
    "company": COMPANY,
    "address": "kanarienvogel",  # the local part of each canary's address
    "domain": "prospect-aviary.example",
    "phone": "20255501",  # and two more digits
    "street": STREET,
    "words": "Zwitschern",
}
GZIP = b"\x1f\x8b"

Marks = Mapping[str, frozenset[bytes]]


def email(number: int) -> str:
    """An address that is a canary."""
    return f"{PERSON['address']}{number}@{PERSON['domain']}"


def fields(number: int) -> dict[str, JsonValue]:
    """What is known of a canary."""
    return {
        "email": email(number),
        "first_name": FIRST,
        "last_name": LAST,
        "company": COMPANY,
        "street": STREET,
        "phone": f"+1{PERSON['phone']}{number:02}",
        "about": f"{WORDS}, {WORDS}",
    }


def secrets_in(settings: BaseModel) -> dict[str, str]:
    """Every secret of the settings, by the names of its fields."""
    found: dict[str, str] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            found |= {f"{name}.{inner}": text for inner, text in secrets_in(value).items()}
        elif isinstance(value, Mapping):
            found |= {f"{name}.{key}": one.get_secret_value() for key, one in value.items()}
        elif isinstance(value, SecretStr):
            found[name] = value.get_secret_value()
    return found


def marks_of(texts: Mapping[str, str]) -> Marks:
    """Each text in all ways in which it might be written."""
    return {name: frozenset(spellings(text)) for name, text in texts.items()}


def spellings(text: str) -> Iterator[bytes]:
    """A text as it might be written in a file."""
    for one in {text, text.lower(), text.upper(), text.replace("\n", "\\n")}:
        plain = one.encode()
        yield from (plain, one.encode("utf-16-le"), one.encode("utf-16-be"), plain.hex().encode())
        yield from (quote(one).encode(), json.dumps(one)[1:-1].encode())
        for before in range(3):
            # In base64 it depends on what stands before; the edges mix with the neighbours.
            whole = base64.b64encode(bytes(before) + plain)
            inner = whole[-(-before * 8 // 6) : len(whole) - 4]
            yield from (inner, inner.replace(b"+", b"-").replace(b"/", b"_"))


def seen_in(data: bytes, marks: Marks) -> set[str]:
    """The names of the marks that are in there."""
    return {name for name, spelled in marks.items() if any(one in data for one in spelled)}


def files_with(directory: Path, marks: Marks) -> dict[str, set[str]]:
    """The files below a directory that have marks, and which."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.name: seen for path in files if (seen := seen_in(path.read_bytes(), marks))}


async def columns_with(ledger: Ledger, marks: Marks) -> dict[str, set[str]]:
    """The columns of the ledger that have marks, and which."""
    found: dict[str, set[str]] = {}
    async with ledger.reading() as tx:
        for table in metadata.sorted_tables:
            rows = (await tx.execute(select(table))).mappings().all()
            for column in (one.name for one in table.c):
                # In one piece: a search for each row would take much longer.
                whole = b"\0".join(_bytes_of(row[column]) for row in rows)
                if seen := seen_in(whole, marks):
                    found[f"{table.name}.{column}"] = seen
    return found


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return gzip.decompress(value) if value.startswith(GZIP) else value
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode()
