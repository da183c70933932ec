"""What requests to the sandbox's Marketo look like; whatever else stands in one is refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FIELDS = (
    *("email", "firstName", "lastName", "company", "phone", "title", "website", "rating"),
    *("leadStatus", "dripstoneKey"),
)
"""The fields of a lead that may be written."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Upsert(_Strict):
    """The body of an upsert; ``input`` are the leads, by API names."""

    action: Literal["createOrUpdate", "createOnly", "updateOnly"] = "createOrUpdate"
    lookupField: str = "email"
    input: list[dict[str, Any]] = Field(min_length=1, max_length=300)


class Member(_Strict):
    """One lead, by its id."""

    leadId: int


class ProgramStatus(_Strict):
    """The body of a change of a program status."""

    statusName: str
    input: list[Member] = Field(min_length=1, max_length=300)
