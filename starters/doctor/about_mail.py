"""The domains that mails leave from: what mailbox providers look up before they take a mail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import dns.asyncresolver
import dns.exception
import dns.resolver

from activities.ledger.connections import Connections
from config.settings import Settings
from starters.doctor.about_accounts import is_this_machine
from starters.doctor.finding import Finding

SECONDS = 5.0
SPF, DMARC = "v=spf1", "v=dmarc1"


class NoAnswer(Exception):
    """The name servers did not answer: nothing is known of the domain."""


async def look_at_mail(
    settings: Settings,
    connections: Connections,
    resolver: dns.asyncresolver.Resolver | None = None,
) -> list[Finding]:
    """SPF, DMARC and MX of each mailbox's domain (RFC 7208, 7489, 5321), unless mail stays here.

    DKIM cannot be looked up: its selector is known to the mail server alone.
    """
    if settings.smtp is None or is_this_machine(settings.smtp.host):
        return []
    centers = connections.centers.values()
    addresses = (box.address for center in centers for box in center.mailboxes.values())
    domains = sorted({address.rpartition("@")[2].lower() for address in addresses})
    try:
        asked = resolver or dns.asyncresolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return [_unknown(domain) for domain in domains]
    found = await asyncio.gather(*(_look_at(asked, domain) for domain in domains))
    return [one for some in found for one in some]


async def _look_at(resolver: dns.asyncresolver.Resolver, domain: str) -> list[Finding]:
    try:
        about = await _records(resolver, domain, "TXT")
        exchangers = await _records(resolver, domain, "MX")
        places = _policy_places(domain)
        policies = [one for name in places for one in await _records(resolver, name, "TXT")]
    except NoAnswer:
        return [_unknown(domain)]
    wrong = list(_missing(domain, about, policies, exchangers))
    if wrong:
        return wrong
    what = "SPF, DMARC and MX are there; DKIM is the mail server's to say"
    return [Finding(f"mail-{domain}", "ok", what)]


def _missing(
    domain: str, about: Sequence[str], policies: Sequence[str], exchangers: Sequence[str]
) -> Iterator[Finding]:
    check = f"mail-{domain}"
    senders = sum(text.lower().startswith(SPF) for text in about)
    if senders != 1:
        what = f"{senders} SPF records instead of one: mailbox providers refuse or file its mails"
        mend = f"one TXT record at {domain} that begins with v=spf1 and names the mail server"
        yield Finding(check, "warning", what, mend)
    if not any(text.lower().startswith(DMARC) for text in policies):
        what = "no DMARC record: large mailbox providers refuse mails in bulk without one"
        yield Finding(check, "warning", what, f"a TXT record at _dmarc.{domain}: v=DMARC1; p=none")
    if not exchangers:
        what = "no MX record: replies and bounces cannot come back"
        yield Finding(check, "warning", what, f"an MX record at {domain}")


def _policy_places(domain: str) -> list[str]:
    """Where its DMARC policy may stand: at the domain, or at one that it is part of."""
    labels = domain.split(".")
    above = (".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))
    return [f"_dmarc.{name}" for name in above]


def _unknown(domain: str) -> Finding:
    what = "its DNS records could not be looked up from here"
    return Finding(f"mail-{domain}", "unknown", what, "look from a machine with a name server")


async def _records(resolver: dns.asyncresolver.Resolver, name: str, kind: str) -> list[str]:
    try:
        found = await resolver.resolve(name, kind, lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise NoAnswer from error
    if kind == "TXT":
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]
    return [str(one) for one in found]
