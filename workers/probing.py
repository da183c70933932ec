"""Asking every configured vendor whether it lets us in, by a call that changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, runtime_checkable

from activities.vendors.ports import VendorFailure
from activities.vendors.salesforce import Salesforce
from config.settings import Settings
from workers.vendors import chat_of, crm_of, mailer_of, outreach_of, platforms_of, texter_of

Ask = Callable[[], Awaitable[object]]

SECONDS = 20.0
"""More than any client waits by itself."""

UNASKED: Mapping[str, str] = {
    "google_analytics": "it answers alike to right and wrong secrets",
    "teams": "whatever its webhook is sent, it posts",
}
"""Vendors that have no call which tells anything and does nothing."""


@runtime_checkable
class Probed(Protocol):
    """A client that can ask its vendor something harmless."""

    async def probe(self) -> None:
        """Raises VendorFailure if it is not let in, or not reached."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of asking one vendor. ``said`` is a vendor's code with advice, or why not asked.

    It holds no secret and nothing personal, like every message of a vendor's client.
    """

    vendor: str
    state: Literal["answers", "fails", "not asked"]
    said: str = ""


async def probe_vendors(settings: Settings) -> tuple[Probe, ...]:
    """Ask all vendors that the settings have an account at, all at the same time."""
    asked = [_probe(vendor, ask) for vendor, ask in _asks(settings).items()]
    unasked = [Probe(name, "not asked", why) for name, why in UNASKED.items()]
    there = [one for one in unasked if getattr(settings, one.vendor) is not None]
    return (*await asyncio.gather(*asked), *there)


async def _probe(vendor: str, ask: Ask) -> Probe:
    try:
        async with asyncio.timeout(SECONDS):
            await ask()
    except VendorFailure as failure:
        return Probe(vendor, "fails", str(failure))
    except TimeoutError:
        return Probe(vendor, "fails", f"{vendor}: timeout: no answer within {SECONDS:.0f} s")
    return Probe(vendor, "answers")


def _asks(settings: Settings) -> dict[str, Ask]:
    mailer, crm = mailer_of(settings), crm_of(settings)
    platforms = platforms_of(settings, crm)
    clients = {
        "smtp": mailer,
        "slack": chat_of(settings),
        "twilio": texter_of(settings),
        "smartlead": outreach_of(settings),
        "hubspot": platforms.hubspot,
        "marketo": platforms.leads.get("marketo"),
    }
    asks: dict[str, Ask] = {
        vendor: client.probe for vendor, client in clients.items() if isinstance(client, Probed)
    }
    if crm:
        asks["salesforce"] = partial(_describe, crm)
    return asks


async def _describe(crm: Salesforce) -> None:
    try:
        await crm.describe("Lead")
    finally:
        crm.close()
