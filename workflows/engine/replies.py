"""What a reply is: one of five classes, as somebody has told, or as its words read. Pure.

Nobody's guess is final: what is not sure is read on the safe side, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import JsonValue

from workflows.engine.attitude_words import declines, postpones, welcomes
from workflows.engine.base import Frozen
from workflows.engine.events import Event
from workflows.engine.reply_words import asks_to_be_removed, is_machine_subject, says_away

LOWEST_SURE = 0.8
"""A ``confidence`` below it is not sure."""

SHORT = 300
"""Characters. Who declines in few words means it; in a long text the words may be about others."""


class ReplyClass(StrEnum):
    """What a reply means."""

    POSITIVE = "POSITIVE"
    NEUTRAL = "NEUTRAL"
    NEGATIVE = "NEGATIVE"
    OOO = "OOO"
    UNSUBSCRIBE = "UNSUBSCRIBE"


RECLASSIFIED = "reply_classified"
"""Somebody has looked at a reply again: ``reply`` is the id of its event, ``class`` what it is."""

SPELLINGS = {
    "interested": ReplyClass.POSITIVE,
    "not_interested": ReplyClass.NEGATIVE,
    "out_of_office": ReplyClass.OOO,
    "auto_reply": ReplyClass.OOO,
    "unsubscribed": ReplyClass.UNSUBSCRIBE,
    "opt_out": ReplyClass.UNSUBSCRIBE,
}
"""Other words for the classes; each class is known by its own name as well, in any case."""

REPLY_WAITS = "a reply waits for a decision (dripstone replies)"
"""Why no message of a campaign leaves for whoever has written it."""

STOPS = (ReplyClass.POSITIVE, ReplyClass.NEGATIVE, ReplyClass.UNSUBSCRIBE)

KIND_OF = {ReplyClass.UNSUBSCRIBE: "unsubscribe", ReplyClass.OOO: "out_of_office"}
"""The kinds of event that a reply of such a class is: an opt-out, or no reply at all."""

_CLASS_OF = {kind: reply_class for reply_class, kind in KIND_OF.items()}
_MARK = "class_by"
By = Literal["upstream", "rules"]


class Reading(Frozen):
    """What a reply was read as, by whom, and whether that is sure."""

    reply_class: ReplyClass
    sure: bool
    by: By


def class_named(value: JsonValue) -> ReplyClass | None:
    """The class of that name; None if it is none."""
    name = _text(value).strip().lower().replace(" ", "_").replace("-", "_")
    known = {one.value.lower(): one for one in ReplyClass} | SPELLINGS
    return known.get(name)


def class_told(event: Event) -> ReplyClass | None:
    """The class that an event carries, if it is one of a reply."""
    return class_named(event.data.get("class"))


def is_sure(data: Mapping[str, JsonValue]) -> bool:
    """Whether who gave a class was sure of it: ``sure``, or else ``confidence`` from 0 to 1."""
    confidence = data.get("confidence")
    if isinstance(confidence, int | float) and not isinstance(confidence, bool):
        return confidence >= LOWEST_SURE and data.get("sure") is not False
    return data.get("sure") is not False


def read_reply(data: Mapping[str, JsonValue]) -> Reading | None:
    """What a reply with this data is; None if there is neither a class nor a text to go by.

    Whoever asks to be removed has opted out, whatever class was given. ``headers`` may hold
    Auto-Submitted (RFC 3834).
    """
    given = class_named(data.get("class"))
    text, subject = _text(data.get("text")), _text(data.get("subject"))
    if (text or subject) and asks_to_be_removed(text, subject):
        agreed = given in (None, ReplyClass.NEGATIVE, ReplyClass.UNSUBSCRIBE)
        by: By = "upstream" if given is ReplyClass.UNSUBSCRIBE else "rules"
        return Reading(reply_class=ReplyClass.UNSUBSCRIBE, sure=agreed, by=by)
    if given:
        return Reading(reply_class=given, sure=is_sure(data), by="upstream")
    if data.get("class") not in (None, ""):
        # A class of another system: nobody here knows what it means.
        return Reading(reply_class=ReplyClass.NEUTRAL, sure=False, by="rules")
    return _read_words(text, subject, data) if text.strip() else None


def _read_words(text: str, subject: str, data: Mapping[str, JsonValue]) -> Reading:
    automatic = _is_automatic(data.get("headers")) or is_machine_subject(subject)
    if automatic and says_away(f"{subject}\n{text}"):
        return Reading(reply_class=ReplyClass.OOO, sure=True, by="rules")
    no, yes = declines(text), welcomes(text)
    if no:
        sure = not yes and len(text) <= SHORT and not postpones(text)
        return Reading(reply_class=ReplyClass.NEGATIVE, sure=sure, by="rules")
    if yes and not automatic:
        return Reading(reply_class=ReplyClass.POSITIVE, sure=True, by="rules")
    return Reading(reply_class=ReplyClass.NEUTRAL, sure=False, by="rules")


def heard(event: Event) -> Event:
    """An event as it is taken in: a reply with its class, under the kind that the class makes it.

    Heard twice, it stays the same.
    """
    if event.kind in _CLASS_OF and _came_as_reply(event):
        told = {"class": _CLASS_OF[event.kind].value, "sure": True, _MARK: "rules"}
        return event.model_copy(update={"data": told | event.data})
    if event.kind != "reply" or event.data.get(_MARK):
        return event
    reading = read_reply(event.data)
    if reading is None:
        return event
    read = {"class": reading.reply_class.value, "sure": reading.sure, _MARK: reading.by}
    kind = KIND_OF.get(reading.reply_class, "reply")
    extra = {"via": "reply"} if kind == "unsubscribe" else {}
    return event.model_copy(update={"kind": kind, "data": {**event.data, **extra, **read}})


def _came_as_reply(event: Event) -> bool:
    return event.kind == "out_of_office" or event.data.get("via") == "reply"


def heard_by_class(event: Event) -> Event:
    """The same for a direct signal, by its class alone: words may be read otherwise tomorrow."""
    given = class_told(event) if event.kind == "reply" else None
    kind = KIND_OF.get(given, "reply") if given else event.kind
    return event if kind == event.kind else event.model_copy(update={"kind": kind})


def is_neutral(event: Event) -> bool:
    """Whether it is a reply that surely says neither yes nor no: a person decides what follows."""
    neutral = event.kind == "reply" and class_told(event) is ReplyClass.NEUTRAL
    return neutral and is_sure(event.data)


def verdict_of(event: Event) -> Literal["stop", "go_on", ""]:
    """What a reply that was looked at again does to an enrollment."""
    said = event.data.get("verdict")
    if said == "go_on":
        return "go_on"
    if said == "stop":
        return "stop"
    return "stop" if class_told(event) in STOPS else ""


def _is_automatic(headers: JsonValue) -> bool:
    """RFC 3834: anything but "no" in Auto-Submitted."""
    named = headers if isinstance(headers, dict) else {}
    found = next((v for k, v in named.items() if k.lower() == "auto-submitted"), "")
    return _text(found).partition(";")[0].strip().lower() not in ("", "no")


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""
