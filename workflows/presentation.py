"""What an operator sees of an enrollment: status, search attributes, and details in the web UI."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.contracts import Start, Status, StatusLabel
from workflows.engine.state import Close, Decision, State, Wait

AUTOMATION = SearchAttributeKey.for_keyword("DripAutomation")
LEAD_ID = SearchAttributeKey.for_keyword("DripLeadId")
STATE = SearchAttributeKey.for_keyword("DripState")
STEP = SearchAttributeKey.for_keyword("DripStep")
EXIT_REASON = SearchAttributeKey.for_keyword("DripExitReason")
REPLY_CLASS = SearchAttributeKey.for_keyword("DripReplyClass")

SEARCH_ATTRIBUTES = (AUTOMATION, LEAD_ID, STATE, STEP, EXIT_REASON, REPLY_CLASS)


def status_of(start: Start, state: State | None) -> Status:
    """The answer to the query ``status``."""
    if state is None:
        return Status(
            automation=start.automation, version=0, lead=start.lead, entry=0, state="starting"
        )
    wanted, hold = state.wanted, state.hold
    away = hold.until if hold and hold.cause == "away" else state.away_until
    return Status(
        automation=start.automation,
        version=start.version or 0,
        lead=start.lead,
        entry=state.entry,
        state=_label(state),
        step=state.step,
        visit=state.visits.get(state.step, 0),
        doing="" if wanted is None or isinstance(wanted, Close) else wanted.summary,
        until=wanted.until if isinstance(wanted, Wait) else None,
        held_because=hold.reason if hold else "",
        away_until=away,
        sends=state.sends,
        texts=state.texts,
        unknowns=state.unknowns,
        malformed_signals=state.malformed,
        last_event=state.last_event,
        events=state.facts,
        exit=state.exit,
    )


def _label(state: State) -> StatusLabel:
    if state.exit:
        return "closed"
    return "closing" if isinstance(state.wanted, Close) else state.label


def attributes_of(state: State) -> dict[str, str]:
    """The search attributes that a state calls for; empty text unsets one."""
    shown = {STEP.name: state.step}
    if state.reply_class:
        shown[REPLY_CLASS.name] = state.reply_class
    if state.exit:
        return {STATE.name: "", **shown, EXIT_REASON.name: state.exit.value}
    return {STATE.name: state.label, **shown}


def updates(wanted: dict[str, str], shown: dict[str, str]) -> list[SearchAttributeUpdate[str]]:
    """The changes that turn the attributes shown into those wanted."""
    keys = {key.name: key for key in SEARCH_ATTRIBUTES}
    return [
        keys[name].value_set(value) if value else keys[name].value_unset()
        for name, value in wanted.items()
        if shown.get(name, "") != value
    ]


def details_of(status: Status, timeline: tuple[Decision, ...]) -> str:
    """The current details, in Markdown: the lead's story, newest line first."""
    lines = [f"**{status.state}** at step `{status.step}`: {status.doing or 'nothing in flight'}"]
    if status.until:
        lines.append(f"until {status.until:%Y-%m-%d %H:%M:%S} UTC")
    if status.away_until:
        lines.append(f"out of office until {status.away_until:%Y-%m-%d}")
    if status.held_because:
        lines.append(f"held because: {status.held_because}")
    if status.exit:
        lines.append(f"**exit: {status.exit.value}**")
    lines.append(f"sends: {status.sends}, malformed signals: {status.malformed_signals}")
    story = [
        f"- {line.at:%m-%d %H:%M:%S} `{line.step or '-'}` {line.what}"
        + (f" ({line.why})" if line.why else "")
        for line in reversed(timeline[-20:])
    ]
    return "\n\n".join(lines) + "\n\n" + "\n".join(story)
