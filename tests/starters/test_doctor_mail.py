"""What the doctor says of the domains that mails leave from, by a name server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from activities.ledger.connections import CenterConnections, Connections, Mailbox
from config.settings import Settings, SmtpSettings
from starters.doctor.about_mail import look_at_mail

Zone = Mapping[tuple[str, str], Sequence[str]]
OURS = "mail.acme.example"
SPF = ("TXT", OURS), ['"v=spf1 include:spf.example -all"']
MX = ("MX", OURS), ["10 mx.acme.example."]
DMARC = ("TXT", f"_dmarc.{OURS}"), ['"v=DMARC1; p=none"']
DMARC_ABOVE = ("TXT", "_dmarc.acme.example"), ['"v=DMARC1; " "p=reject"']
OTHER = ("TXT", OURS), ['"something else"']
TWICE = ("TXT", OURS), ['"v=spf1 -all"', '"v=spf1 +all"']
ACCOUNTS = Connections(
    centers={
        "default": CenterConnections(
            mailboxes={
                "default": Mailbox(
                    name="Ada", address=f"ada@{OURS}", postal_address="1 Quarry Lane, Matlock"
                )
            }
        )
    }
)
SMTP = Settings(smtp=SmtpSettings(host="smtp.acme.example"))


class NameServer(asyncio.DatagramProtocol):
    """Answers what stands in its zone, that there is no such name, or nothing at all."""

    def __init__(self, zone: Zone | None) -> None:
        self.zone = zone
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        answer = dns.message.make_response(asked)
        if self.zone is None:
            answer.set_rcode(dns.rcode.SERVFAIL)
        else:
            (question,) = asked.question
            kind = dns.rdatatype.to_text(question.rdtype)
            found = self.zone.get((kind, question.name.to_text(omit_final_dot=True)), ())
            if found:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        assert self.transport
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def resolving(zone: Zone | None) -> AsyncIterator[dns.asyncresolver.Resolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: NameServer(zone), local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    try:
        yield resolver
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (dict([SPF, MX, DMARC]), ["ok: SPF, DMARC and MX are there"]),
        (dict([SPF, MX, DMARC_ABOVE]), ["ok: SPF, DMARC and MX are there"]),
        (dict([OTHER, MX, DMARC]), ["warning: 0 SPF records"]),
        (dict([TWICE, MX, DMARC]), ["warning: 2 SPF records"]),
        (dict([SPF, MX]), ["warning: no DMARC record"]),
        (dict([SPF, DMARC]), ["warning: no MX record"]),
        ({}, ["warning: 0 SPF", "warning: no DMARC", "warning: no MX"]),
        (None, ["unknown: its DNS records could not be looked up"]),
    ],
)
async def test_what_mailbox_providers_look_up_is_looked_up(
    zone: Zone | None, said: Sequence[str]
) -> None:
    async with resolving(zone) as resolver:
        findings = await look_at_mail(SMTP, ACCOUNTS, resolver)
    assert len(findings) == len(said)
    for finding, expected in zip(findings, said, strict=True):
        assert finding.check == f"mail-{OURS}"
        assert f"{finding.state}: {finding.what}".startswith(expected)


async def test_mail_that_stays_on_this_machine_needs_no_records() -> None:
    here = Settings(smtp=SmtpSettings(host="127.0.0.1"))
    assert await look_at_mail(here, ACCOUNTS) == await look_at_mail(Settings(), ACCOUNTS) == []
