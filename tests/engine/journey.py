"""A journey on paper: an automation as YAML text, news at virtual times, and where the lead stands.

After every piece of news the state is written to JSON and read back, as continue-as-new does it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import yaml
from pydantic import JsonValue

from workflows.engine.automation import Automation
from workflows.engine.durations import read_duration
from workflows.engine.effects import Outcome
from workflows.engine.events import Event
from workflows.engine.interpreter import advance, begin, hear
from workflows.engine.semantics import SEMANTICS
from workflows.engine.state import Close, Closed, Done, Failed, Fired, News, Order, Perform, State
from workflows.engine.state import Wait as Waiting

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@cache
def define(text: str) -> Automation:
    """An automation of which the text says only what matters to the test."""
    plain = {"id": "spring", "name": "Spring", "trigger": {"kind": "manual"}}
    return Automation.model_validate(plain | yaml.safe_load(text))


class Journey:
    """One lead in one automation; every method returns the journey itself."""

    def __init__(
        self,
        automation: str | Automation,
        values: dict[str, JsonValue] | None = None,
        semantics: int = SEMANTICS,
    ) -> None:
        self.automation = define(automation) if isinstance(automation, str) else automation
        self.now, self.events = START, 0
        blank = State(enrollment="enrollment:spring:x-1", entry=1, enrolled_at=START)
        blank = blank.model_copy(update={"values": values or {}, "semantics": semantics})
        self.keys: list[str] = []
        self._keep(begin(self.automation, blank))

    def _keep(self, state: State) -> Journey:
        self.state = State.model_validate_json(state.model_dump_json(exclude_defaults=True))
        assert self.state == state
        if isinstance(state.wanted, Perform) and state.wanted.effect.key not in self.keys[-1:]:
            self.keys.append(state.wanted.effect.key)
        return self

    def tell(self, news: News) -> Journey:
        return self._keep(advance(self.automation, self.state, news, self.now))

    def answer(self, **outcome: object) -> Journey:
        """The gate or the vendor answers what is asked for now."""
        return self.tell(Done(serial=self.serial, outcome=Outcome.model_validate(outcome)))

    def sent(self) -> Journey:
        return self.answer(state="sent")

    def failed(self, reason: str) -> Journey:
        return self.tell(Failed(serial=self.serial, reason=reason))

    def event(self, kind: str, /, **data: JsonValue) -> Journey:
        self.events += 1
        return self.tell(Event(id=f"e{self.events}", kind=kind, at=self.now, data=data))

    def signal(self, name: str, body: JsonValue = None) -> Journey:
        return self._keep(hear(self.automation, self.state, name, body, self.now))

    def order(self, verb: str, **fields: object) -> Journey:
        return self.tell(Order.model_validate({"verb": verb} | fields))

    def after(self, duration: str) -> Journey:
        """Let time pass: timers that are due fire, each at its own time."""
        then = self.now + read_duration(duration)
        while isinstance(wait := self.state.wanted, Waiting) and wait.until and wait.until <= then:
            self.now = max(self.now, wait.until)
            self.tell(Fired(serial=wait.serial))
        self.now = then
        return self

    def closed(self) -> Journey:
        assert isinstance(self.state.wanted, Close)
        return self.tell(Closed(reason=self.state.wanted.reason))

    @property
    def serial(self) -> int:
        return self.state.wanted.serial if self.state.wanted else 0

    @property
    def exit(self) -> str:
        """The reason of the exit that is wanted or done; empty while the lead is inside."""
        wanted = self.state.wanted
        return str(wanted.reason if isinstance(wanted, Close) else self.state.exit or "")

    @property
    def doing(self) -> str:
        """What is wanted, in short: the end of an effect's key, whose wait it is, or the exit."""
        wanted = self.state.wanted
        if isinstance(wanted, Perform):
            return wanted.effect.key.split("/", 2)[2]
        if isinstance(wanted, Waiting):
            return f"wait for {self.state.hold.cause if self.state.hold else wanted.ends}"
        return f"exit {self.exit}"
