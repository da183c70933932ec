"""What may be asked of the system that keeps campaign members and leads, about a reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from activities.vendors.answers import Receipt


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What changes of a campaign member; ``once``: unless the first of these fields is set."""

    fields: Mapping[str, Any]
    once: Mapping[str, Any]
    status: str | None = None


class ReplyRecords(Protocol):
    """Keeps what became of a reply with the campaign member and the lead. Calls can be repeated."""

    async def change_member(self, member: str, record: str, change: MemberChange) -> Receipt:
        """Change a member by its id, if it is the record's; else refuse for good."""
        ...

    async def add_note(self, record: str, title: str, body: str) -> Receipt:
        """Add a note to a record, once for each title."""
        ...
