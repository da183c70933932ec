"""What http_call and track_event steps may get wrong: connections, headers, texts, answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from activities.ledger.http_connections import HttpConnection, SecretHeader
from starters.definitions.check import check
from starters.definitions.draft import Draft, Found
from starters.definitions.strict_yaml import Path
from workers.authoring import read_text
from workflows.engine.conditions import FieldIs, parts_of
from workflows.engine.steps.http_call import HttpCall
from workflows.engine.steps.track_event import TrackEvent

PERSONAL = re.compile(r"lead\.(\w*_)?(email|phone|mobile|name|address|street)\b", re.IGNORECASE)
"""Merge fields that say who somebody is."""


@check("error", "take a connection of the center, set its secret, leave its headers to it")
def http_connections(draft: Draft) -> Iterator[Found]:
    """Connections that are not there, whose secret is not set, or that set a header themselves."""
    center = draft.automation.center if draft.automation else ""
    there = draft.connections.http if draft.connections else None
    for place, step in draft.steps.items():
        if not isinstance(step, HttpCall) or there is None or not center:
            continue
        account = there.get(center, {}).get(step.connection)
        if account is None:
            known = ", ".join(sorted(there.get(center, {}))) or "none"
            message = f"center {center!r} has no HTTP connection {step.connection!r}; there are: "
            yield ("steps", place, "connection"), "error", message + known
            continue
        yield from _not_set(draft, place, account)
        for name in step.headers:
            if name.casefold() in _headers_of(account):
                message = f"{name!r} is set by the connection {step.connection!r}: leave it out"
                yield ("steps", place, "headers", name), "error", message


@check("error", "configure google_analytics, or name event_listeners")
def event_receivers(draft: Draft) -> Iterator[Found]:
    """Events to be tracked that nobody would be told of."""
    there = draft.connections
    center = draft.automation.center if draft.automation else ""
    if there is None or there.http is None or not center:
        return
    if "google_analytics" in there.vendors or (there.listeners or {}).get(center):
        return
    for place, step in draft.steps.items():
        if isinstance(step, TrackEvent):
            message = (
                "needs the connection 'google_analytics', which is not configured: set "
                "DRIPSTONE_GOOGLE_ANALYTICS__MEASUREMENT_ID and __API_SECRET, or name "
                "event_listeners in the connections file"
            )
            yield ("steps", place, "kind"), "error", message


@check("error", "leave it out: statistics must not know who somebody is")
def persons_in_statistics(draft: Draft) -> Iterator[Found]:
    """Properties of tracked events that say who the lead is."""
    for place, step in draft.steps.items():
        for name, text in step.properties.items() if isinstance(step, TrackEvent) else ():
            fields, _ = read_text(text) if isinstance(text, str) else ({}, "")
            for field in filter(PERSONAL.fullmatch, fields):
                message = f"{field!r} says who the lead is, and statistics must not know"
                yield ("steps", place, "properties", name), "error", message


@check("warning", "name it in a condition, or write `save: true`")
def unused_answers(draft: Draft) -> Iterator[Found]:
    """Values taken from an answer that no condition looks at, and that are not saved either."""
    looked_at = {
        part.field
        for step in draft.steps.values()
        for condition in step.conditions()
        for part in parts_of(condition)
        if isinstance(part, FieldIs)
    }
    for place, step in draft.steps.items():
        if not isinstance(step, HttpCall):
            continue
        taken = {name: ("answer", name) for name, one in step.answer.items() if not one.save}
        taken |= {step.status_as: ("status_as", "")} if step.status_as else {}
        for name, (part, inner) in taken.items():
            if name not in looked_at:
                path: Path = ("steps", place, part, *([inner] if inner else []))
                message = f"no condition looks at {name!r}: name it in one, or 'save: true'"
                yield path, "warning", message


def _not_set(draft: Draft, place: int, account: HttpConnection) -> Iterator[Found]:
    unset = draft.connections.unset if draft.connections else ()
    if account.auth and account.auth.variable in unset:
        message = f"its connection needs the environment variable {account.auth.variable}: set it"
        yield ("steps", place, "connection"), "error", message


def _headers_of(account: HttpConnection) -> set[str]:
    own = {account.idempotency_header or "", "authorization", "host"}
    own |= {account.auth.header} if isinstance(account.auth, SecretHeader) else set()
    return {name.casefold() for name in own}
