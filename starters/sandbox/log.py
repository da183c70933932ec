"""The sandbox's journal: everything a sandbox vendor accepted or refused, one JSON line each."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Log:
    """An append-only file of JSON lines with the keys at (RFC 3339, UTC), vendor, action, details.

    Each entry is one ``write`` on a descriptor opened with O_APPEND, so what was appended
    outlives a killed process, and a line torn by a killed machine spoils no other line.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if not _ends_whole(path):
            os.write(self._descriptor, b"\n")

    def append(self, vendor: str, action: str, **details: object) -> None:
        """Add one entry; ``details`` must be JSON values (other values are written as text)."""
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        entry = {"at": at, "vendor": vendor, "action": action, "details": details}
        line = json.dumps(entry, ensure_ascii=False, default=str) + "\n"
        with self._lock:
            _write_whole(self._descriptor, line.encode())

    def entries(self) -> list[dict[str, Any]]:
        """Every whole entry, oldest first; a torn line is left out."""
        found: list[dict[str, Any]] = []
        for line in self.path.read_bytes().split(b"\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def close(self) -> None:
        """Close the file; the log must not be used afterwards."""
        os.close(self._descriptor)


def _write_whole(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
