"""The file of rows that did not enter, each with its reason, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from starters.leads.importing import Outcome

STARTS_A_FORMULA = (*"=+-@\t\r\n", *"\uff1d\uff0b\uff0d\uff20")
"""The last four are the full-width forms of the first."""


class RejectedRows:
    """Written row by row; a file without a row is not made, and an older one is taken away."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.count = 0
        self._columns = columns
        self._text: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._text:
            self._text.close()

    def add(self, outcome: Outcome) -> None:
        """Write one row down: its line, why, and what stood there."""
        if self._text is None:
            # Leads are personal data: for the eyes of who ran the import.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._text = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._text)
            self._writer.writerow(["line", "reason", *map(harmless, self._columns)])
        self._writer.writerow(
            [outcome.row.line, harmless(outcome.reason), *map(harmless, outcome.row.written)]
        )
        self.count += 1


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell
