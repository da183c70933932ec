"""What leads share and what cannot be shown while each is alone on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from activities.ledger.connections import CenterConnections, Mailbox
from starters.rehearse.rehearsing import Piece

_OF_MAILBOX = {"per_day": None, "min_gap": None}
_OF_CAMPAIGN = {"per_day": None, "per_company_per_day": None}


def without_shared_limits(piece: Piece) -> Piece:
    """The piece without the limits that leads share; those of one lead or person stay."""
    automations = []
    for one in piece.automations:
        if campaign := one.campaign:
            caps = campaign.caps.model_copy(update=_OF_CAMPAIGN)
            campaign = campaign.model_copy(update={"caps": caps})
        automations.append(one.model_copy(update={"campaign": campaign}))
    centers = {name: _alone(one) for name, one in piece.connections.centers.items()}
    connections = piece.connections.model_copy(update={"centers": centers})
    return replace(piece, automations=tuple(automations), connections=connections)


def _alone(center: CenterConnections) -> CenterConnections:
    boxes = {k: box.model_copy(update=_OF_MAILBOX) for k, box in center.mailboxes.items()}
    caps = center.caps.model_copy(update={"per_company_per_day": None})
    return center.model_copy(update={"mailboxes": boxes, "caps": caps})


def shared_limits(piece: Piece) -> list[str]:
    """The limits of the piece that only a rehearsal with --engine shows, in words."""
    return list(dict.fromkeys(_shared(piece)))


def _shared(piece: Piece) -> Iterator[str]:
    for one in piece.automations:
        center = piece.connections.of(one.center)
        for name in one.campaign.mailboxes if one.campaign else ("default",):
            yield from _of_mailbox(name, center.mailboxes.get(name))
        if one.campaign and one.campaign.waves:
            yield f"campaign {one.id}: waves"
        caps = one.campaign.caps if one.campaign else None
        if caps and caps.per_day:
            yield f"campaign {one.id}: {caps.per_day} messages a day"
        if (caps and caps.per_company_per_day) or center.caps.per_company_per_day:
            yield "messages a day to one company"


def _of_mailbox(name: str, mailbox: Mailbox | None) -> Iterator[str]:
    if mailbox and mailbox.per_day:
        yield f"mailbox {name}: {mailbox.per_day} mails a day"
    if mailbox and mailbox.min_gap:
        yield f"mailbox {name}: one mail after the other"
