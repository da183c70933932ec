"""http_call: a request to another system, whose answer later conditions may look at."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue, field_validator, model_validator

from workflows.engine.effects import HttpCall as HttpCallEffect
from workflows.engine.steps.base import BaseStep, Do, Moment, Move
from workflows.engine.web_effects import RequestTemplate, Taken

_OURS = {
    *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer"),
    *("upgrade", "expect", "accept-encoding", "content-encoding", "authorization", "cookie"),
    *("forwarded", "via", "idempotency-key"),
}
"""Headers that frame the message, say who asks, or come from the connection."""
_OURS_BEGIN = ("proxy-", "x-forwarded-", "sec-", ":")
_WHO_IT_IS = ("email", "zone", "id")
_LONGEST_BODY = 20_000


class HttpCall(BaseStep, RequestTemplate):
    """Ask another system, or tell it something, over a connection of the connections file.

    Only what ``answer`` and ``status_as`` name is kept of the answer. A status that is not among
    ``success`` needs attention, unless it means "not now": then the request is tried again.
    """

    kind: Literal["http_call"]

    @field_validator("headers")
    @classmethod
    def _are_the_authors_own(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if name.casefold() in _OURS or name.casefold().startswith(_OURS_BEGIN):
                raise ValueError(
                    f"{name!r} is no header for a step: how to log in, and whether the receiver "
                    "takes a key, stand in the connections file; the rest is set by itself"
                )
        if len({name.casefold() for name in headers}) < len(headers):
            raise ValueError("a header is there twice: names differ by more than capitals")
        return headers

    @field_validator("answer")
    @classmethod
    def _says_not_who_the_lead_is(cls, answer: dict[str, Taken]) -> dict[str, Taken]:
        for name, taken in answer.items():
            if taken.save and name.casefold() in _WHO_IT_IS:
                raise ValueError(f"{name!r} says who the lead is, and no step may change that")
        return answer

    @field_validator("body")
    @classmethod
    def _is_of_bounded_size(cls, body: JsonValue) -> JsonValue:
        if len(str(body)) > _LONGEST_BODY:
            raise ValueError(f"must be shorter than {_LONGEST_BODY} characters")
        return body

    @model_validator(mode="after")
    def _has_one_body_at_most(self) -> HttpCall:
        if self.body is not None and self.form is not None:
            raise ValueError("give body (sent as JSON) or form, not both")
        if self.method in ("GET", "DELETE") and (self.body is not None or self.form is not None):
            raise ValueError(f"{self.method} has no body: put what it says into query or path")
        if self.status_as in self.answer:
            raise ValueError("status_as must be another name than those in answer")
        return self

    def enter(self, moment: Moment) -> Move:
        """Ask for the request to be made."""
        request: dict[str, Any] = {
            name: getattr(self, name) for name in RequestTemplate.model_fields
        }
        effect = HttpCallEffect(
            kind="http_call",
            enrollment=moment.enrollment,
            entry=moment.entry,
            step=self.id,
            visit=moment.visit,
            not_after=moment.window_ends if self.reaches_lead else None,
            **request,
        )
        return Do(effect, f"{self.method} over {self.connection}: {self.name or self.id}")
