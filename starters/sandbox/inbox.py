"""The sandbox's inbox: every accepted mail as a file, byte for byte, and a line in the log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path

from starters.sandbox.log import Log


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One accepted mail: its header fields, when it came (UTC), and the file with its bytes."""

    to_address: str
    from_address: str
    subject: str
    at: datetime
    message_id: str
    path: Path


class Inbox:
    """Mails in ``directory/NNNNNN-hash.eml``; those of earlier runs are read back at the start."""

    def __init__(self, directory: Path, log: Log) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._log = log
        self._mails = [_read(path) for path in sorted(directory.glob("[0-9]*-*.eml"))]

    def messages(self) -> list[StoredMail]:
        """Every mail, oldest first."""
        return list(self._mails)

    def keep(self, content: bytes, mail_from: str, rcpt_to: list[str]) -> str:
        """Store one mail whole or not at all, and note it in the log; its queue id."""
        last = int(self._mails[-1].path.name[:6]) if self._mails else 0
        queue_id = f"{last + 1:06d}-{sha256(content).hexdigest()[:8]}"
        path = self._directory / f"{queue_id}.eml"
        draft = path.with_suffix(".part")
        draft.write_bytes(content)
        os.replace(draft, path)
        mail = _read(path)
        self._mails.append(mail)
        self._log.append(
            "smtp",
            "accepted",
            queue_id=queue_id,
            message_id=mail.message_id,
            mail_from=mail_from,
            rcpt_to=rcpt_to,
            size=len(content),
        )
        return queue_id


def _read(path: Path) -> StoredMail:
    with path.open("rb") as file:
        header = BytesHeaderParser(policy=default).parse(file)
    return StoredMail(
        to_address=parseaddr(str(header["To"] or ""))[1],
        from_address=parseaddr(str(header["From"] or ""))[1],
        subject=str(header["Subject"] or ""),
        at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        message_id=str(header["Message-ID"] or "").strip(),
        path=path,
    )
