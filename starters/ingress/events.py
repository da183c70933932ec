"""``POST /events``: upstream systems report what happened, or ask to enroll a lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from activities.ledger import Ledger
from activities.ledger.admissions import Request
from activities.ledger.correlation import find_event, lead_of
from activities.ledger.feeds import hear_of
from activities.ledger.inbox import Incoming
from activities.ledger.leads import BadLead, Lead, check_lead_id, find_lead, new_lead, person_of
from config.settings import IngressSettings
from starters.ingress.reception import Reception, read_body
from starters.webhooks.event_signatures import Unsigned, check_secret, verify
from starters.webhooks.events import (
    ENROLL,
    HEARTBEAT,
    BadEvents,
    PostedEvent,
    Problem,
    parse,
)

LIMIT = 1_000_000
CREATED = "lead_created"
SECRET = "DRIPSTONE_INGRESS__EVENTS_SECRET"
UNKNOWN = "kept; no lead of this id is known, so nobody was told: enroll it, or check the id"


@dataclass(frozen=True, slots=True)
class _Task:
    """What one posted event comes to: a fact to take in, a lead to enroll, or a feed's life."""

    posted: PostedEvent
    feed: str = ""
    fact: Incoming | None = None
    lead: Lead | None = None
    is_known: bool = True


def secrets_of(settings: IngressSettings) -> tuple[str, ...]:
    """The secrets that may sign events: one, or two with a space between while one is replaced.

    Raises:
        ValueError: one of them is no Standard Webhooks secret; names the variable.
    """
    if settings.events_secret is None:
        return ()
    try:
        return tuple(map(check_secret, settings.events_secret.get_secret_value().split()))
    except ValueError as error:
        raise ValueError(f"{SECRET}: {error}") from None


async def post_events(reception: Reception, request: HttpRequest) -> Response:
    """Take events in: all of them, or none if one cannot be read."""
    secrets = secrets_of(reception.settings)
    if not secrets:
        error = f"not configured: set {SECRET} to whsec_ and a base64 secret"
        return JSONResponse({"error": error}, 503)
    body = await read_body(request, LIMIT)
    try:
        verify(body, request.headers, secrets)
        posted, is_list = parse(body)
        tasks = await _plan(reception, posted)
    except Unsigned:
        error = "signature missing, wrong, or more than five minutes old (Standard Webhooks)"
        return JSONResponse({"error": error}, 401)
    except BadEvents as refusal:
        problems = [_shown(problem) for problem in refusal.problems]
        return JSONResponse({"problems": problems}, 400)
    results = [await _do(reception, task) for task in tasks]
    return JSONResponse({"results": results} if is_list else results[0], _status(results))


def _shown(problem: Problem) -> dict[str, str]:
    return {"where": problem.where, "what": problem.what, "mend": problem.mend}


def _status(results: Sequence[dict[str, Any]]) -> int:
    if any("conflict" in result for result in results):
        return 409
    return 202 if any("note" in result for result in results) else 200


async def _plan(reception: Reception, posted: Sequence[PostedEvent]) -> list[_Task]:
    """What each event comes to; nothing is written yet.

    Raises:
        BadEvents: of all events that name a lead, an address or a center that cannot be.
    """
    tasks, problems = [], []
    for place, one in enumerate(posted):
        where = f"[{place}]." if len(posted) > 1 else ""
        if reception.connections.centers and one.center not in reception.centers:
            mend = "use a center of the connections file, or leave it out for 'default'"
            problems.append(Problem(f"{where}center", "there is no such center", mend))
            continue
        if (
            one.kind == HEARTBEAT
            and one.data["feed"] not in reception.connections.of(one.center).feeds
        ):
            mend = "use a feed that the connections file declares for this center"
            problems.append(Problem(f"{where}data", "there is no such feed", mend))
            continue
        try:
            tasks.append(await _task(reception, one))
        except BadLead as error:
            # What the checker of addresses says quotes the address.
            quotes = str(error).startswith("email:")
            what = "email: is no address that mail can be sent to" if quotes else str(error)
            mend = "correct it, or leave it out and give the lead's id"
            problems.append(Problem(where.rstrip("."), what, mend))
    if problems:
        raise BadEvents(*problems)
    return tasks


async def _task(reception: Reception, posted: PostedEvent) -> _Task:
    ledger, center = reception.ledger, posted.center
    if posted.kind == HEARTBEAT:
        return _Task(posted, feed=str(posted.data["feed"]))
    if posted.kind == ENROLL:
        given = posted.event.data | ({"email": posted.email} if posted.email else {})
        return _Task(posted, lead=new_lead(ledger, center, given, posted.lead))
    if posted.kind == CREATED:
        return _created(ledger, posted)
    lead = check_lead_id(posted.lead) if posted.lead else None
    person = posted.person
    if posted.email:
        person = person_of(ledger, center, posted.email, "")
    async with ledger.reading() as tx:
        if lead is None and person:
            lead = await lead_of(tx, center, person)
        known = await find_lead(tx, center, lead) if lead else None
    if person is None and known is None and lead:
        # An opt-out may come before the lead does: it is kept under the record.
        person = person_of(ledger, center, None, lead)
    fact = Incoming(posted.event, center, "events", lead, person)
    return _Task(posted, fact=fact, is_known=known is not None)


def _created(ledger: Ledger, posted: PostedEvent) -> _Task:
    """A new lead, with the fields that are told of it: it is written down with the event."""
    given = {**posted.event.changes, **({"email": posted.email} if posted.email else {})}
    lead = new_lead(ledger, posted.center, given, posted.lead)
    fact = Incoming(posted.event, posted.center, "events", lead.lead, lead.person, newcomer=lead)
    return _Task(posted, fact=fact)


async def _do(reception: Reception, task: _Task) -> dict[str, Any]:
    if task.feed:
        return await _hear(reception, task)
    if task.fact is None:
        return await _enroll(reception, task)
    received = await reception.take_in(task.fact)
    result: dict[str, Any] = {"id": task.posted.id, "duplicate": not received.is_new}
    if not received.is_new and await _is_another(reception, task.fact):
        result["conflict"] = "another event has this id: not taken in; give each its own id"
        return result
    result["enrollments"] = len(received.targets)
    return result if task.is_known else result | {"note": UNKNOWN}


async def _hear(reception: Reception, task: _Task) -> dict[str, Any]:
    """A sign of life is no fact about anybody: noted, however often it comes, and not kept."""
    posted = task.posted
    async with reception.ledger.transaction() as tx:
        heard = await hear_of(reception.ledger, tx, posted.center, task.feed, posted.at)
    return {"id": posted.id, "feed": task.feed, "heard_at": heard.isoformat()}


async def _is_another(reception: Reception, fact: Incoming) -> bool:
    """Whether the id that was there already is of another event: then this one was not kept."""
    async with reception.ledger.reading() as tx:
        kept = await find_event(tx, fact.event.id)
    if kept is None:
        return False
    same_lead = None in (kept.lead, fact.lead) or kept.lead == fact.lead
    return (kept.kind, kept.center) != (fact.event.kind, fact.center) or not same_lead


async def _enroll(reception: Reception, task: _Task) -> dict[str, Any]:
    assert task.lead is not None
    assert task.posted.automation is not None
    request = Request(task.posted.automation, task.lead, task.posted.id)
    enrolled = await reception.enroll(request)
    result: dict[str, Any] = {"id": task.posted.id, "duplicate": not enrolled.is_new}
    if enrolled.refused:
        return result | {"refused": enrolled.refused}
    if enrolled.queued:
        return result | {"enrollment": enrolled.enrollment, "queued": True}
    return result | {"enrollment": enrolled.enrollment, "entry": enrolled.entry}
