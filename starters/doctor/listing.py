"""The accounts of each center, as ``dripstone connections`` lists them. No secret is among it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from activities.ledger.connections import CenterConnections, Connections
from activities.ledger.publishing import Version
from config.settings import Settings, secrets_named
from starters.commands.configured import PLATFORMS, VENDORS
from starters.doctor.uses import uses_of
from workers.probing import Probe


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a center. ``state``: configured, missing, answers, fails or not asked."""

    center: str
    vendor: str
    name: str
    state: str
    why: str
    used_by: tuple[str, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether somebody must mend it: it lets us in no more, or an automation lacks it."""
        return self.state == "fails" or (self.state == "missing" and bool(self.used_by))


def accounts_of(
    settings: Settings,
    connections: Connections,
    versions: Iterable[Version],
    probes: Sequence[Probe] = (),
) -> list[Account]:
    """Every account that a center has or that an enabled automation of it uses."""
    enabled = list(versions)
    asked = {probe.vendor: probe for probe in probes}
    centers = dict.fromkeys((*connections.centers, *(one.center for one in enabled)))
    found = []
    for center in centers or ("default",):
        users = _users(one for one in enabled if one.center == center)
        there = dict(_states(settings, connections.of(center)))
        for vendor, name in dict.fromkeys((*there, *users)):
            state, why = there.get((vendor, name), ("missing", "not in the connections file"))
            if state == "configured" and vendor in asked:
                state, why = asked[vendor].state, asked[vendor].said
            found.append(Account(center, vendor, name, state, why, users.get((vendor, name), ())))
    return found


def _users(versions: Iterable[Version]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for version in versions:
        for use in uses_of(version.definition):
            found[use] = tuple(sorted((*found.get(use, ()), version.automation)))
    return found


def _states(
    settings: Settings, center: CenterConnections
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for vendor in VENDORS:
        yield (vendor, "default"), _of_vendor(settings, center, vendor)
    for name in center.mailboxes:
        state = _of_vendor(settings, center, "smtp")
        yield ("mailbox", name), state
    names = {one.auth.variable for one in center.http.values() if one.auth}
    there = secrets_named(names)
    for name, account in center.http.items():
        variable = account.auth.variable if account.auth else None
        unset = variable is not None and variable not in there
        said = ("missing", f"{variable} is not set") if unset else ("configured", "")
        yield ("http", name), said


def _of_vendor(settings: Settings, center: CenterConnections, vendor: str) -> tuple[str, str]:
    if getattr(settings, vendor) is None:
        return "missing", f"DRIPSTONE_{vendor.upper()}__... is not set"
    if vendor in PLATFORMS and getattr(center, vendor) is None:
        return "missing", "the center does not have it in the connections file"
    return "configured", ""
