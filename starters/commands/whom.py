"""Whom a command about suppressions means: a person, a domain, or a number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from activities.ledger.leads import find_lead, lock_of_record, person_of
from activities.ledger.listing import leads_of
from activities.ledger.reachable import key_of_number
from activities.ledger.suppressions import canonical_domain
from starters.commands.opened import Opened
from starters.commands.output import Refused, WrongUse

CHANNELS = ("all", "email", "sms")
_DOMAIN = re.compile(r"@?([^\s@.]{1,63}\.)+[^\s@.\d][^\s@.]{0,61}[^\s@.]")


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom to suppress: exactly one of address, lead, domain and phone number, or an HMAC of a
    person or number, as the list of suppressions has it.

    ``channel`` is one of ``CHANNELS``; ``campaign`` an automation that alone is meant.
    """

    center: str
    email: str | None = None
    lead: str | None = None
    domain: str | None = None
    phone: str | None = None
    person: str | None = None
    number: str | None = None
    channel: str = "all"
    campaign: str | None = None

    def __post_init__(self) -> None:
        named = (self.email, self.lead, self.domain, self.phone, self.person, self.number)
        if sum(bool(one) for one in named) != 1:
            raise WrongUse("say whom: one of --email, --lead, --domain and --phone")
        if self.channel not in CHANNELS:
            raise WrongUse(f"--channel {self.channel}: use one of {', '.join(CHANNELS)}")
        is_person = self.email or self.lead or self.person
        if self.campaign and (not is_person or self.channel != "all"):
            raise WrongUse("--campaign goes with --email or --lead, and holds for every channel")
        if self.domain and self.channel == "sms":
            raise WrongUse("--domain is about mail: it does not go with --channel sms")
        if (self.phone or self.number) and self.channel == "email":
            raise WrongUse("--phone is about text messages: it does not go with --channel email")


@dataclass(frozen=True, slots=True)
class Known:
    """The person meant, and their records."""

    person: str
    leads: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """Who that is, without an address."""
        return (
            f"the person of {', '.join(self.leads)}" if self.leads else "the person of this address"
        )


def locks_of(center: str, known: Known) -> Iterable[str]:
    """What admissions and sends of a person wait for."""
    return (f"person:{known.person}", *(lock_of_record(center, one) for one in known.leads))


async def person_meant(here: Opened, whom: Whom) -> Known:
    """The person that an address, an HMAC or a lead stands for.

    Raises:
        Refused: the lead is unknown.
        BadLead: the address is none.
    """
    async with here.ledger.reading() as tx:
        if whom.lead is None:
            person = whom.person or person_of(
                here.ledger, whom.center, (whom.email or "").strip(), ""
            )
            return Known(person, tuple(await leads_of(tx, whom.center, person)))
        lead = await find_lead(tx, whom.center, whom.lead)
        if lead is None:
            raise Refused(
                f"{whom.lead}: the ledger knows no such lead in center {whom.center!r}: "
                "suppress by --email"
            )
        # The lead itself first: a record without an address is a person of its own.
        others = await leads_of(tx, whom.center, lead.person)
        mine = (lead.lead, *(one for one in others if one != lead.lead))
        return Known(lead.person, mine)


def domain_meant(written: str) -> str:
    """The one spelling of a domain.

    Raises:
        WrongUse: it is none.
    """
    domain = written.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(domain):
        raise WrongUse(f"--domain {domain}: write it like example.com")
    return canonical_domain(domain)


def number_meant(here: Opened, whom: Whom) -> str:
    """The HMAC of a number.

    Raises:
        BadLead: it is no number.
    """
    accounts = here.connections.of(whom.center)
    return whom.number or key_of_number(here.ledger, whom.center, accounts, whom.phone or "")
