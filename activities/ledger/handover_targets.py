"""What another tool must do with a lead now: it follows from the ledger, whatever the stop was."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, exists, literal, or_

from activities.ledger.gate_tables import halts
from activities.ledger.halts import EVERY
from activities.ledger.tables import (
    LIVE,
    admissions,
    centers,
    handovers,
    lifecycle,
    suppressions,
)
from activities.ledger.wave_tables import audience, waves

GO, PAUSE, END = "go", "pause", "end"


def target() -> ColumnElement[str]:
    """What a row of handovers asks for: a stop wins over what the journey wants."""
    row = handovers.c
    return case(
        (or_(~_is_inside(), _is_suppressed(), row.wanted == END), literal(END)),
        (or_(~_may_run(), _is_halted(), row.wanted == PAUSE), literal(PAUSE)),
        else_=literal(GO),
    )


def _is_inside() -> ColumnElement[bool]:
    row, entry = handovers.c, admissions.c
    return exists().where(
        and_(entry.enrollment == row.enrollment, entry.entry == row.entry),
        entry.state.in_(LIVE),
        entry.stop_reason.is_(None),
    )


def _is_suppressed() -> ColumnElement[bool]:
    """In the channel of mail, or out of this automation alone."""
    row, by = handovers.c, suppressions.c
    subjects = (("person", row.person), ("lead", row.lead), ("domain", row.domain))
    of_mail = or_(*(and_(by.scope == scope, by.subject == subject) for scope, subject in subjects))
    here = [row.automation + "/" + subject for subject in (row.person, row.lead)]
    return exists().where(
        and_(by.center == row.center, by.lifted_at.is_(None)),
        or_(
            and_(by.channel == "email", of_mail),
            and_(by.scope == "campaign", by.subject.in_(here)),
        ),
    )


def _may_run() -> ColumnElement[bool]:
    row = handovers.c
    enabled = exists().where(
        lifecycle.c.automation == row.automation, lifecycle.c.state == "enabled"
    )
    switched_off = exists().where(centers.c.center == row.center, centers.c.state == "disabled")
    return and_(enabled, ~switched_off)


def _is_halted() -> ColumnElement[bool]:
    """By the kill switch of the automation or of its center, or with the lead's wave."""
    row, halt = handovers.c, halts.c
    switched = exists().where(
        halt.center == row.center, halt.automation.in_((row.automation, EVERY))
    )
    same_wave = and_(waves.c.automation == audience.c.automation, waves.c.number == audience.c.wave)
    in_halted_wave = exists().where(
        audience.c.automation == row.automation,
        audience.c.lead == row.lead,
        same_wave,
        waves.c.state == "HALTED",
    )
    return or_(switched, in_halted_wave)
