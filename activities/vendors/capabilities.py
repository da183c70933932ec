"""What settles a call whose answer was lost: each connection's key, lookup, or neither. Data.

A key means that the vendor does once what it is asked twice; a lookup, that it can say whether it
did it. With neither a lost call stays unknown: it is never made again blindly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

KEY_MARGIN = timedelta(minutes=1)
"""A key is taken to be over this long before it is: the call itself takes time."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of ours by which the vendor knows a call again; without ``lifetime``, for good."""

    lifetime: timedelta | None = None

    def holds(self, first_used: datetime | None, now: datetime) -> bool:
        """Whether a call under a key that was first used then may be made again."""
        if self.lifetime is None or first_used is None:
            return True
        return now - first_used < self.lifetime - KEY_MARGIN


@dataclass(frozen=True, slots=True)
class Lookup:
    """The vendor can be asked whether it did it, ``settle`` after the call was given up.

    By then a request that was still under way has come to an end and can be found. ``decides``:
    what is not found then was not done, and is done; otherwise it stays unknown.
    """

    settle: timedelta
    decides: bool


@dataclass(frozen=True, slots=True)
class Capability:
    """What a connection can do about a lost answer, and where its vendor says so."""

    source: str
    key: Key | None = None
    lookup: Lookup | None = None


AT_MOST_ONCE = Capability("nothing is known of the receiver")

CAPABILITIES: Mapping[str, Capability] = {
    "salesforce": Capability(
        "REST API, Insert or Update (Upsert) a Record Using an External ID; updates by Id",
        key=Key(),
    ),
    "hubspot": Capability(
        "CRM API v3, batch upsert by a property with unique values; timeline events by their id",
        key=Key(),
    ),
    "marketo": Capability("REST API, Sync Leads: createOrUpdate by lookupField", key=Key()),
    "smartlead": Capability(
        "Add leads to a campaign: one address is in a campaign once", key=Key()
    ),
    # Its list shows no key of ours: what is like the message and newer than the call is the
    # message, but what is missing may only be late.
    "twilio": Capability(
        "Programmable Messaging, Read multiple Message resources; error 20500",
        lookup=Lookup(timedelta(seconds=10), decides=False),
    ),
    "slack": Capability("Web API, chat.postMessage: client_msg_id is no documented argument"),
    "smtp": Capability("RFC 5321, 6.1 and RFC 1047: servers do not compare Message-IDs"),
    "teams": Capability("Workflows webhooks take any post anew"),
    "google_analytics": Capability("Measurement Protocol: events have no key"),
    "app": Capability("the ledger itself: settled with what it lists"),
}

LONGEST_SETTLE = max(one.lookup.settle for one in CAPABILITIES.values() if one.lookup)


def capability_of(connection: str) -> Capability:
    """What the table has of a connection, as effects name it."""
    return CAPABILITIES.get(connection, AT_MOST_ONCE)
