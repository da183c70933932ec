"""The CRM and the marketing platforms that are configured, and what is said of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar

from activities.ledger.effects import Intent
from activities.once import about_step
from activities.scene import Scene
from activities.vendors.ports import LeadSystem, Memberships, Never, Timeline
from workflows.engine.effects import Effect

_Port = TypeVar("_Port")

SETTINGS = {
    "salesforce": "DRIPSTONE_SALESFORCE__CLIENT_ID and the rest",
    "hubspot": "DRIPSTONE_HUBSPOT__TOKEN",
    "marketo": "DRIPSTONE_MARKETO__BASE_URL, __CLIENT_ID and __CLIENT_SECRET",
}


@dataclass(frozen=True, slots=True)
class Platforms:
    """The clients by system: those that keep leads, and those that group them."""

    leads: Mapping[str, LeadSystem] = field(default_factory=dict)
    groups: Mapping[str, Memberships] = field(default_factory=dict)
    hubspot: Timeline | None = None

    def lead_system(self, name: str) -> LeadSystem:
        """The system of this name. Raises Never if it is not configured."""
        return _there(name, self.leads.get(name))

    def memberships(self, name: str) -> Memberships:
        """The groups of this system. Raises Never if it is not configured."""
        return _there(name, self.groups.get(name))

    @property
    def timeline(self) -> Timeline:
        """HubSpot's activities. Raises Never if it is not configured."""
        return _there("hubspot", self.hubspot)


def platform_intent(effect: Effect, scene: Scene, payload: Mapping[str, Any]) -> Intent:
    """The intent of a step's effect at the system that its payload names."""
    digest = sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
    about = about_step(effect, scene.lead.person)
    center, system = scene.lead.center, payload["system"]
    return Intent(effect.key, center, effect.activity, system, payload, digest, about)


def _there(name: str, port: _Port | None) -> _Port:
    if port is None:
        raise Never(name, "not_configured", f"set {SETTINGS[name]}, then retry")
    return port
