"""Engine mode: every lead on one virtual clock, in one process, without a server.

The interpreter, the templates, the gate's policy, the windows and the default write-backs are
those of production; what takes milliseconds there takes no time here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic import JsonValue

from activities.ledger.connections import Connections
from activities.ledger.facts import writebacks_of
from activities.ledger.leads import Lead
from activities.ledger.opt_outs import reason_of
from activities.ledger.reply_writebacks import without_members
from activities.ledger.telling import signal_body
from workers.rehearsal.agenda import Agenda, Rank
from workers.rehearsal.attempts import Attempts
from workers.rehearsal.case import Case, Play
from workers.rehearsal.limits import Limits
from workers.rehearsal.people import People, meets_exit_criteria
from workers.rehearsal.reviewing import note_decision
from workers.rehearsal.story import Audience, Happening, Line, Surroundings
from workers.rehearsal.waves import RehearsedLaunch
from workflows.engine.consent import CONSENT_EVENTS, read_consent
from workflows.engine.events import SIGNALS, SMS_OPT_OUT, Event
from workflows.engine.exits import exit_caused_by, strongest
from workflows.engine.interpreter import advance, begin, hear
from workflows.engine.replies import heard
from workflows.engine.state import Close, Closed, Fired, News, Perform, State

LONGEST = timedelta(days=400)
"""After so much virtual time a rehearsal ends; who is inside still counts as stuck."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a rehearsal plays with."""

    connections: Connections
    surroundings: Surroundings
    audience: Audience


class EngineMode:
    """One rehearsal. ``now`` is the virtual time, ``heard`` what each lead's events were."""

    def __init__(self, stage: Stage, begins: datetime) -> None:
        self.now = begins
        self.people = People()
        self.limits = Limits()
        self.agenda = Agenda()
        self.stage = stage
        self.heard: dict[str, list[Event]] = {}
        self.launches: dict[str, RehearsedLaunch] = {}
        self._attempts = Attempts(self)
        self._ends = begins + LONGEST
        self._events = 0
        self._planned: set[str] = set()

    def run(self, plays: Iterable[Play], leads: Iterable[Lead]) -> None:
        """Let every lead enter every automation, and time pass until nothing is left to happen."""
        plays = list(plays)
        self.launches |= {play.automation.id: one for play in plays if (one := self._launch(play))}
        for lead in leads:
            for play in plays:
                launch = self.launches.get(play.automation.id)
                enroll = partial(self._enroll, play, lead)
                call = partial(launch.select, lead) if launch else enroll
                self.agenda.add(play.begins, Rank.ENTRY, call)
        for launch in self.launches.values():
            self.agenda.add(launch.play.begins, Rank.EVENT, launch.release)
        for at, due in self.agenda.until(self._ends):
            self.now = at
            due()

    def _launch(self, play: Play) -> RehearsedLaunch | None:
        """The launch of an automation with waves."""
        campaign = play.automation.campaign
        plan = campaign.waves if campaign else None
        return RehearsedLaunch(self, play, plan, self._enroll) if plan else None

    def why_halted(self, case: Case) -> str:
        """Why no message to this lead may leave; empty if its wave is not halted."""
        return self.launches[case.play.automation.id].why_halted(case) if case.wave else ""

    def _enroll(self, play: Play, lead: Lead, wave: int = 0) -> bool:
        """Let a lead in, if it may enter; whether it did, or waits for its lane."""
        refusal = self.people.objection(play, lead, self.now)
        case = Case.of(play, lead, self.now)
        case.wave = wave
        holder = self.people.holder(case.lane)
        if holder and not refusal and holder.play.priority >= play.priority:
            campaign = play.automation.campaign
            if campaign and campaign.when_busy == "wait":
                self.people.queue(case)
                self._plan_happenings(lead)
                return True
            lane, other = play.automation.lane, holder.play
            refusal = f"lane {lane!r} is busy: in {other.automation.id!r}, priority "
            refusal += str(other.priority)
        if refusal:
            self.stage.audience.refused(play.automation.id, lead, refusal)
            return False
        if holder:
            holder.admission = "SUPERSEDED"
            self._tell(holder, self._event("superseded"))
        self._plan_happenings(lead)
        self._begin(case)
        return True

    def _plan_happenings(self, lead: Lead) -> None:
        if lead.lead in self._planned:
            return  # it is in another automation of this rehearsal already
        self._planned.add(lead.lead)
        self.plan(lead, self.stage.surroundings.at_enrollment(lead, self.now))

    def plan(self, lead: Lead, happenings: Iterable[Happening]) -> None:
        """Have these happen to a lead."""
        for one in happenings:
            event = self._event(one.kind, one.at).model_copy(update={"data": dict(one.data)})
            self.agenda.add(one.at, Rank.EVENT, partial(self.receive, lead, event))

    def _event(self, kind: str, at: datetime | None = None) -> Event:
        self._events += 1
        return Event(id=f"rehearsed-{self._events}", kind=kind, at=at or self.now)

    def _begin(self, case: Case) -> None:
        self.people.enter(case)
        self.stage.audience.let_in(case)
        blank = case.state.model_copy(update={"enrolled_at": self.now})
        self._follow(case, begin(case.play.automation, blank))
        pending, case.pending = case.pending, []
        for body in pending:
            self._hear(case, body)

    def receive(self, lead: Lead, event: Event) -> None:
        """A fact about a lead: what it suppresses, writes back, stops and tells."""
        event = heard(event)
        self.heard.setdefault(lead.lead, []).append(event)
        reason = reason_of(event)
        if reason and not event.is_soft_bounce:
            self.people.suppress(lead.person, reason)
        said = read_consent(event) if event.kind in CONSENT_EVENTS else None
        if said:
            self.people.agreed.note(lead.person, said, self.now)
        if event.kind == SMS_OPT_OUT:
            self.people.suppress_texts(lead.person, SMS_OPT_OUT)
        reached = self.people.reached_by(lead, event)
        about = self.people.case_of(lead, reached)
        if about and not reached:
            why = "after the exit: recorded, and told to nobody"
            self.tell(about, Line(self.now, "event", about.state.step, event.kind, why))
        if about:
            self.write_back(about, about.lead, event)
            self._note_sign(about, event)
        for case in reached:
            note_decision(case, event)
            self._tell(case, event)
        if event.kind == "lead_changed":
            self.change(lead, dict(event.changes))

    def _note_sign(self, case: Case, event: Event) -> None:
        if case.wave:
            self.launches[case.play.automation.id].note_event(case, event)

    def change(self, lead: Lead, fields: dict[str, JsonValue]) -> None:
        """A lead's fields change; campaigns whose exit criteria it meets now end for it."""
        self.people.change(lead, fields)
        for case in self.people.reached_by(lead, self._event("criteria_met")):
            if meets_exit_criteria(case.play, case.lead):
                self._tell(case, self._event("criteria_met"))

    def write_back(self, case: Case, lead: Lead, event: Event) -> None:
        """Tell the default write-backs of a fact."""
        accounts = self.stage.connections.of(lead.center)
        wanted = writebacks_of(event, lead, accounts) + without_members(event, lead, accounts)
        for planned in wanted:
            up = self.stage.surroundings.down_until("salesforce", self.now)
            why = f"once salesforce is up again, from {up.isoformat()}" if up else ""
            step = str(event.data.get("step") or case.state.step)
            self.tell(case, Line(self.now, "crm", step, planned.activity, why, planned.payload))

    def _tell(self, case: Case, event: Event) -> None:
        reason = exit_caused_by(event, case.play.automation.stops_on)
        if reason:
            known = [case.stop_reason] if case.stop_reason else []
            case.stop_reason = strongest([reason, *known])
        if event.kind == "bounce" and "step" not in event.data:
            # A mail system says which mail came back; a script need not.
            event = event.model_copy(update={"data": event.data | {"step": case.last_mail}})
        body = signal_body(event, case.play.automation.fields_looked_at, ())
        if case.admission == "QUEUED":
            case.pending.append(body)
        else:
            self._hear(case, body)

    def _hear(self, case: Case, body: dict[str, JsonValue]) -> None:
        kind = str(body["kind"])
        name = kind if kind in SIGNALS else "event"
        state = hear(case.play.automation, case.state, name, body, self.now)
        self._follow(case, state)

    def take(self, case: Case, news: News) -> None:
        """News for the engine."""
        self._follow(case, advance(case.play.automation, case.state, news, self.now))

    def _follow(self, case: Case, state: State) -> None:
        """Tell what the engine decided, and take off what it wants now."""
        decisions = state.timeline
        case.state = state.model_copy(update={"timeline": (), "writebacks": ()})
        for one in decisions:
            self.tell(case, Line(one.at, "decision", one.step, one.what, one.why))
        wanted = case.state.wanted
        if wanted is None or wanted.serial == case.serial:
            return
        case.serial, case.tried_since = wanted.serial, None
        if isinstance(wanted, Close):
            self._close(case, wanted)
        elif isinstance(wanted, Perform):
            self._attempts.plan(case, self.now)
        elif wanted.until is not None:
            fired = partial(self.take, case, Fired(serial=wanted.serial))
            self.agenda.add(max(wanted.until, self.now), Rank.OWN, fired)

    def _close(self, case: Case, wanted: Close) -> None:
        known = [case.stop_reason] if case.stop_reason else []
        reason = strongest([wanted.reason, *known])
        self.limits.give_back(case.state.enrollment, case.state.entry)
        following = self.people.leave(case)
        case.closed_at = self.now
        self.take(case, Closed(reason=reason))
        if following:
            self._begin(following)

    def tell(self, case: Case, line: Line) -> None:
        """One more line of a timeline."""
        self.stage.audience.told(case, line)
