"""Effects on other systems over HTTP: a request of the author's own, and an event to be tracked."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from workflows.engine.base import Frozen, Name
from workflows.engine.effect_base import Effect, Queue

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""A field of a lead."""
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""A token of RFC 9110, 5.6.2."""
Text = Annotated[str, StringConstraints(max_length=10_000)]
"""A Liquid template."""
ShortText = Annotated[str, StringConstraints(max_length=1000)]
PropertyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
"""The name of a property of a tracked event, as Google Analytics 4 takes it."""
Status = Annotated[int, Field(ge=200, le=499)]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

MOST_TAKEN = 20


class Taken(Frozen):
    """One field of a JSON answer: its path, such as ``result.offers.0.price``, and its type.

    What is missing, of another type or longer than ``longest`` characters is ``otherwise``.
    ``save`` also makes it a field of the lead.
    """

    from_: str = Field(alias="from", pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)
    type: Literal["text", "number", "boolean"] = "text"
    longest: int = Field(default=200, ge=1, le=1000)
    otherwise: ShortText | bool | int | float | None = None
    save: bool = False


class RequestTemplate(Frozen):
    """A request over a connection of the connections file, and what is taken from its answer.

    ``path``, ``query``, ``headers``, ``body`` and ``form`` may name the lead's fields. ``success``
    are the statuses that count as done; left out, those from 200 to 299. ``repeatable`` says
    whether the receiver is fine with getting it twice; left out, by RFC 9110, 9.2.2, and by
    whether the connection takes a key. ``reaches_lead`` is for messages, such as an SMS:
    suppression and the send window hold for it.
    """

    connection: Name
    method: Method
    path: str = Field(default="", pattern=r"^(|/|/[^/].*|https://.+)$", max_length=2000)
    query: dict[ShortText, Text] = Field(default={}, max_length=50)
    headers: dict[HeaderName, ShortText] = Field(default={}, max_length=30)
    body: JsonValue = None
    form: dict[ShortText, Text] | None = Field(default=None, max_length=100)
    success: tuple[Status, ...] = Field(default=(), max_length=20)
    answer: dict[FieldName, Taken] = Field(default={}, max_length=MOST_TAKEN)
    status_as: FieldName | None = None
    repeatable: bool | None = None
    reaches_lead: bool = False


class HttpCall(Effect, RequestTemplate):
    """Make the request. ``not_after`` is the end of the engagement window."""

    queue: ClassVar[Queue] = "crm"
    activity: ClassVar[str] = "http_call"

    kind: Literal["http_call"]
    not_after: AwareDatetime | None = None


class TrackEvent(Effect):
    """Report an event to Google Analytics and to the center's listeners.

    ``client_id`` names the lead field that has the visitor's client id.
    """

    queue: ClassVar[Queue] = "notifications"
    activity: ClassVar[str] = "track_event"

    kind: Literal["track_event"]
    event: PropertyName
    properties: dict[PropertyName, ShortText | bool | int | float] = {}
    client_id: FieldName | None = None
