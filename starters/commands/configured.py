"""What this installation has accounts for, as the checks of automation files need to know it."""

from __future__ import annotations

from collections.abc import Mapping

from activities.ledger.connections import CenterConnections, Connections
from config.settings import Settings, secrets_named
from starters.definitions.loading import Configured
from workers.accounts import load_connections

PLATFORMS = ("salesforce", "hubspot", "marketo")
VENDORS = ("smtp", "slack", "teams", "twilio", "smartlead", "google_analytics", *PLATFORMS)


def configured_by(settings: Settings, connections: Connections | None = None) -> Configured:
    """What this installation has accounts for.

    Raises:
        BadConnections: the connections file cannot be used.
    """
    connections = connections or load_connections(settings.connections)
    centers = connections.centers
    return Configured(
        frozenset(name for name in VENDORS if getattr(settings, name) is not None),
        {name: tuple(center.mailboxes) for name, center in centers.items()},
        {
            name: center.salesforce.writable_fields if center.salesforce else ()
            for name, center in centers.items()
        },
        {name: tuple(center.pools) for name, center in centers.items()},
        lead_fields={name: center.lead_fields for name, center in centers.items()},
        consents={name: center.consents for name, center in centers.items()},
        approvers={
            name: center.review.people if center.review else () for name, center in centers.items()
        },
        platforms={name: _platforms(center) for name, center in centers.items()},
        timelines=_timelines(centers),
        http={name: center.http for name, center in centers.items()},
        listeners={name: center.event_listeners for name, center in centers.items()},
        unset=connections.secret_names - secrets_named(connections.secret_names).keys(),
    )


def _platforms(center: CenterConnections) -> dict[str, tuple[str, ...]]:
    """The systems that a center writes leads to, each with its writable fields."""
    return {
        system: writes.writable_fields
        for system in PLATFORMS
        if (writes := getattr(center, system)) is not None
    }


def _timelines(centers: Mapping[str, CenterConnections]) -> tuple[str, ...]:
    """The centers that have a template for events on HubSpot's timeline."""
    return tuple(
        name
        for name, center in centers.items()
        if center.hubspot and center.hubspot.timeline_template
    )
