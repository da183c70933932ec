"""Scripts of rehearsals: what happens to which lead at which virtual time, and who is down."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue, TypeAdapter, ValidationError

from activities.ledger.leads import Lead
from starters.definitions import strict_yaml
from starters.definitions.errors import explain
from starters.definitions.strict_yaml import Path as Place
from starters.rehearse.names import likely_typo, unknown_step
from starters.rehearse.prospects import REVIEW_TAKES
from workers.rehearsal.case import Case
from workers.rehearsal.story import EMPTY, Answer, Happening, Vendor, WebAnswer
from workflows.engine.automation import Automation
from workflows.engine.base import EventKind, Frozen, Name
from workflows.engine.durations import Duration, read_duration

EVERYBODY = "*"
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class BadScript(ValueError):
    """A script that cannot be used; each problem on a line, with its place."""


def _read_when(text: object) -> timedelta | datetime:
    try:
        return read_duration(text)
    except ValueError:
        pass
    try:
        return _INSTANT.validate_python(text)
    except ValidationError:
        raise ValueError(
            f"{text!r} is no time: write a duration such as '3 days 2 hours', or an instant with "
            "its offset such as 2026-03-02T09:00:00+01:00"
        ) from None


When = Annotated[timedelta | datetime, BeforeValidator(_read_when)]


class Scripted(Frozen):
    """One event. ``at`` counts from the lead's enrollment, or is an instant; lead ``*``: each."""

    at: When
    lead: str = Field(min_length=1)
    event: EventKind
    data: dict[str, JsonValue] = {}


class ReviewAnswer(Frozen):
    """What reviewers decide about the mails of a step; lead ``*``: of each. ``never``: nothing."""

    step: str = Field(min_length=1)
    lead: str = Field(default=EVERYBODY, min_length=1)
    verdict: Literal["approved", "rejected", "never"] = "approved"
    after: Duration = REVIEW_TAKES


class Outage(Frozen):
    """A vendor that does not answer. Durations count from the beginning of the rehearsal."""

    vendor: Vendor
    begins: When = Field(alias="from")
    ends: When = Field(alias="to")


class ScriptedAnswer(Frozen):
    """What an ``http_call`` step is answered; ``body`` is sent as JSON."""

    status: int = Field(default=200, ge=100, le=599)
    body: JsonValue = None


class Script(Frozen):
    """The whole script. ``http`` has the answers by the ids of the steps."""

    events: tuple[Scripted, ...] = ()
    outages: tuple[Outage, ...] = ()
    http: dict[Name, ScriptedAnswer] = {}
    reviews: tuple[ReviewAnswer, ...] = ()


def read_script(path: Path, automations: Sequence[Automation], begins: datetime) -> Script:
    """Read a script for a rehearsal of ``automations``, which begins at an instant.

    Raises:
        BadScript: it cannot be read, is no script, or names what these automations do not have.
    """
    try:
        document, problems = strict_yaml.read(path.read_bytes())
    except OSError as error:
        raise BadScript(f"{path}: cannot be read: {error.strerror}") from error
    if problems or document is None:
        raise BadScript("\n".join(f"{path}:{one.line}: {one.message}" for one in problems))
    try:
        script = Script.model_validate(document.value)
    except ValidationError as error:
        found = list(explain(error, document, Script))
    else:
        found = list(_problems_with(script, automations, begins))
        if not found:
            return script
    raise BadScript("\n".join(f"{path}:{document.line(at)}: {said}" for at, said in found))


def _problems_with(
    script: Script, automations: Sequence[Automation], begins: datetime
) -> Iterator[tuple[Place, str]]:
    """What is well written, and would never come to pass: its place, and how to mend it."""
    for number, one in enumerate(script.events):
        if said := likely_typo(one.event, automations):
            yield ("events", number, "event"), said
    for number, down in enumerate(script.outages):
        if _instant(down.begins, begins) >= _instant(down.ends, begins):
            what = f"the outage of {down.vendor} ends before it begins: put 'to' behind 'from'"
            yield ("outages", number, "to"), what
    yield from _unknown_steps(script, automations)


def _unknown_steps(
    script: Script, automations: Sequence[Automation]
) -> Iterator[tuple[Place, str]]:
    ids = [(one, step) for one in automations for step in one.steps]
    calls = {step.id for _, step in ids if step.kind == "http_call"}
    reviewed = {step.id for one, step in ids if one.is_reviewed(step.id)}
    for name in script.http:
        if name not in calls:
            yield ("http", name), unknown_step(name, "of kind http_call", calls)
    for number, review in enumerate(script.reviews):
        if review.step not in reviewed:
            said = unknown_step(review.step, "whose mails wait for an approval", reviewed)
            yield ("reviews", number, "step"), said


class ScriptedWorld:
    """Surroundings that follow a script, and in which nothing else happens."""

    def __init__(self, script: Script, begins: datetime) -> None:
        self._by_lead: dict[str, list[Scripted]] = defaultdict(list)
        for one in script.events:
            self._by_lead[one.lead].append(one)
        self._outages = [
            (one.vendor, _instant(one.begins, begins), _instant(one.ends, begins))
            for one in script.outages
        ]
        self._answers = {
            step: WebAnswer(one.status, b"" if one.body is None else json.dumps(one.body).encode())
            for step, one in script.http.items()
        }
        self._reviews = script.reviews
        self.waiting = set(self._by_lead) - {EVERYBODY}
        """Leads that the script names and that have not entered yet."""

    def at_enrollment(self, lead: Lead, at: datetime) -> Iterable[Happening]:
        """The events of this lead, and those of everybody."""
        self.waiting.discard(lead.lead)
        for one in (*self._by_lead.get(lead.lead, ()), *self._by_lead.get(EVERYBODY, ())):
            yield Happening(max(_instant(one.at, at), at), one.event, one.data)

    def after_mail(self, case: Case, at: datetime) -> Iterable[Happening]:
        """Nothing: a script says everything beforehand."""
        return ()

    def after_review(self, case: Case, step: str, at: datetime) -> Iterable[Answer]:
        """What the script says of this lead, else of everybody; else it is approved."""
        named = [one for one in self._reviews if one.step == step]
        mine = [one for one in named if one.lead == case.lead.lead]
        mine += [one for one in named if one.lead == EVERYBODY]
        said = mine[0] if mine else ReviewAnswer(step=step)
        if said.verdict == "never":
            return ()
        return (Answer(at + said.after, said.verdict == "approved"),)

    def down_until(self, vendor: Vendor, at: datetime) -> datetime | None:
        """The end of the outage that ``at`` is in."""
        ends = (end for name, begin, end in self._outages if name == vendor and begin <= at < end)
        return max(ends, default=None)

    def answer_to(self, step: str) -> WebAnswer:
        """The script's answer to that step, else an empty one of status 200."""
        return self._answers.get(step, EMPTY)


def _instant(when: timedelta | datetime, since: datetime) -> datetime:
    return since + when if isinstance(when, timedelta) else when
