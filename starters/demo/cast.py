"""Who does what in the demo: one table, no chance. Whoever is not in it stays silent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workflows.engine.exits import ExitReason


class Act(StrEnum):
    """What a prospect does once."""

    REPLIES = "replies by mail"
    REPLIES_IN_GERMAN = "replies by mail, in German"
    ASKS_TO_BE_REMOVED = "asks by mail to be removed"
    ASKS_IN_GERMAN = "asks by mail to be removed, in German"
    UNSUBSCRIBES = "unsubscribes by one click"
    COMPLAINS = "marks the mail as spam"
    HARD_BOUNCE = "has left: a report of non-delivery comes back"
    SOFT_BOUNCE = "has a full mailbox: a report comes back once"
    UNKNOWN_MAILBOX = "is unknown to the mail server"
    AWAY_IN_GERMAN = "is out of office, says so in German"
    AWAY = "is out of office, says so in English"
    RECEIPT = "answers by machine: your mail has arrived"
    BOOKS = "books a meeting; the calendar posts the event"
    BOOKS_BY_SIGNAL = "books a meeting; a system of ours signals Temporal directly"
    LOOKS_AT_PRICES = "looks at the prices; the web site posts the event"
    FILTERED = "has a mail filter that opens every link"
    SILENT = "stays silent"


@dataclass(frozen=True, slots=True)
class Part:
    """One prospect's part: what they do, and on which of our mails (1 is the first).

    Should that very mail get lost with a killed worker, they do it on the next one.
    """

    act: Act
    on_mail: int = 1


SILENT = Part(Act.SILENT)

PARTS = {
    "hanna.weiss@kalkwerk-sued.example": Part(Act.REPLIES_IN_GERMAN),
    "maria.silva@granitos-norte.example": Part(Act.REPLIES),
    "owen.pryce@slatehill.example": Part(Act.REPLIES, on_mail=2),
    "george.hill@hillstone.example": Part(Act.REPLIES, on_mail=2),
    "luke.hartley@peakgravel.example": Part(Act.ASKS_TO_BE_REMOVED),
    "greta.moser@alpensand.example": Part(Act.ASKS_IN_GERMAN, on_mail=2),
    "jonas.lindqvist@skifferberg.example": Part(Act.UNSUBSCRIBES),
    "claire.dubois@calcaires-du-lot.example": Part(Act.UNSUBSCRIBES, on_mail=2),
    "rick.stone@oldmillquarry.example": Part(Act.COMPLAINS),
    "j.petersen@nordkalk-vest.example": Part(Act.HARD_BOUNCE),
    "pete.quinn@quinnquarries.example": Part(Act.HARD_BOUNCE),
    "full.mailbox@busyquarry.example": Part(Act.SOFT_BOUNCE),
    "nobody.here@closedpit.example": Part(Act.UNKNOWN_MAILBOX),
    "dieter.kraus@basaltwerke.example": Part(Act.AWAY_IN_GERMAN),
    "emily.tan@straitsgranite.example": Part(Act.AWAY),
    "info@redrockmining.example": Part(Act.RECEIPT),
    "lucy.brown@brownspit.example": Part(Act.FILTERED),
    "priya.nair@deccanstone.example": Part(Act.BOOKS),
    "sam.okafor@lagosaggregates.example": Part(Act.BOOKS, on_mail=2),
    "anna.rossi@marmicarrara.example": Part(Act.BOOKS_BY_SIGNAL, on_mail=2),
    "fiona.mcleod@highlandstone.example": Part(Act.LOOKS_AT_PRICES),
    "carlos.vega@canterasdelsur.example": Part(Act.LOOKS_AT_PRICES, on_mail=2),
}

OPTED_OUT_EARLIER = "old.friend@quietquarry.example"
"""Opted out of an earlier campaign, which the ledger knows before this one begins."""

REJECTED = {
    11: "same person as line 3",  # the very same row again
    18: "email:",  # no domain
    26: "same person as line 2",  # another record, with the address spelled differently
    31: "no id",  # and no address either
    35: "no e-mail address",
    39: "upper and lower case",  # a spreadsheet has changed the Salesforce id
    43: "zone:",  # no such time zone
    46: "suppressed: unsubscribed",
    47: "not in the audience",  # a customer
    52: "lead id:",  # an address where an id belongs
}
"""The lines of the sample file that must not get in, and a word of the reason for each."""

STOPS = {
    Act.REPLIES: ExitReason.REPLY_RECEIVED,
    Act.REPLIES_IN_GERMAN: ExitReason.REPLY_RECEIVED,
    Act.ASKS_TO_BE_REMOVED: ExitReason.UNSUBSCRIBED,
    Act.ASKS_IN_GERMAN: ExitReason.UNSUBSCRIBED,
    Act.UNSUBSCRIBES: ExitReason.UNSUBSCRIBED,
    Act.COMPLAINS: ExitReason.UNSUBSCRIBED,
    Act.HARD_BOUNCE: ExitReason.EMAIL_BOUNCED,
    Act.UNKNOWN_MAILBOX: ExitReason.EMAIL_BOUNCED,
    Act.BOOKS: ExitReason.MEETING_BOOKED,
    Act.BOOKS_BY_SIGNAL: ExitReason.MEETING_BOOKED,
}
"""The exit that each act leads to. All other acts end in ``completed`` ..."""

AWAY = frozenset((Act.AWAY, Act.AWAY_IN_GERMAN))
"""... except these: the lead is still inside, held until its return."""


def part_of(address: str) -> Part:
    """What the prospect with this address does."""
    return PARTS.get(address.strip().lower(), SILENT)


def exit_of(act: Act) -> ExitReason | None:
    """How the enrollment of such a prospect ends; None if it is held at the end of the demo."""
    return None if act in AWAY else STOPS.get(act, ExitReason.COMPLETED)
