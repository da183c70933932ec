"""A file of leads, looked at once from end to end: its digest, its encoding, its kind."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

CHUNK = 1 << 20
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; that of UTF-32 begins like that of UTF-16, so it comes first."""

KINDS: dict[str, Literal["csv", "jsonl"]] = {".jsonl": "jsonl", ".ndjson": "jsonl"}


class UnreadableFile(ValueError):
    """A file from which no lead can be read; the message says why and how to mend it."""


@dataclass(frozen=True, slots=True)
class LeadFile:
    """A file that can be read. ``lines`` counts line ends: about as many as there are rows."""

    path: Path
    kind: Literal["csv", "jsonl"]
    encoding: str
    digest: str
    lines: int

    @property
    def note(self) -> str:
        """What a person should know of how it is read; mostly nothing."""
        if self.encoding != "cp1252":
            return ""
        return (
            f"{self.path}: is not in UTF-8 and is read as Windows-1252: look at a name with an "
            "accent, and save the file as UTF-8 if it is wrong"
        )


def examine(path: Path) -> LeadFile:
    """Read the whole file once, in little memory.

    Raises:
        UnreadableFile: it is not there, empty, a workbook, or in no encoding that is known here.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            encodings = _possible(path, start)
            digest, lines, encoding = sha256(), 0, ""
            decoders = {name: codecs.getincrementaldecoder(name)() for name in encodings}
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                _refuse_zeros(path, chunk, encodings)
                _drop_wrong(decoders, chunk, final=False)
            _drop_wrong(decoders, b"", final=True)
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read: {error.strerror}") from error
    encoding = next(iter(decoders), "")
    if not encoding:
        tried = " nor ".join(encodings)
        raise UnreadableFile(f"{path}: is neither {tried}: save it as UTF-8")
    kind = KINDS.get(path.suffix.lower(), "csv")
    return LeadFile(path, kind, encoding, digest.hexdigest()[:24], lines)


def _possible(path: Path, start: bytes) -> tuple[str, ...]:
    if not start:
        raise UnreadableFile(f"{path}: is empty")
    if start.startswith(b"PK"):
        raise UnreadableFile(f"{path}: is a workbook or an archive: save the sheet as CSV (UTF-8)")
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return (encoding,)
    return ("utf-8", "cp1252")


def _refuse_zeros(path: Path, chunk: bytes, encodings: tuple[str, ...]) -> None:
    if b"\0" in chunk and encodings[0] in ("utf-8", "utf-8-sig"):
        raise UnreadableFile(
            f"{path}: has zero bytes: it is no text, or UTF-16 without its mark: save it as UTF-8"
        )


def _drop_wrong(decoders: dict[str, codecs.IncrementalDecoder], chunk: bytes, final: bool) -> None:
    for name in list(decoders):
        try:
            decoders[name].decode(chunk, final)
        except UnicodeDecodeError:
            del decoders[name]
