"""The one base of everything that crosses a boundary: immutable, strict about unknown fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints

__all__ = ["EventKind", "Frozen", "JsonValue", "Name", "TimeOfDay"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
"""An id that people type and that ends up in workflow ids: lower case, no spaces."""

EventKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""What sort of event: ``reply``, ``meeting_booked``, or whatever an upstream system reports."""


TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time by the wall clock, such as 09:30; the zone is said beside it."""


class Frozen(BaseModel):
    """An immutable value that refuses fields it does not know, so that a typo is never dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)
