"""plan_wait: when a day of the calendar comes. The answer is recorded, and so never changes."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from temporalio import activity

from activities.errors import as_application_error
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.ledger.windows import window_of
from activities.reckoning import instant_of
from activities.scene import read_scene, zone_of
from activities.vendors.ports import Never
from workflows.engine.effects import Outcome, PlanWait


class Calendars:
    """Looks days up by the ledger's clock and the zone data of this machine."""

    def __init__(self, ledger: Ledger, connections: Connections) -> None:
        self._ledger = ledger
        self._connections = connections

    @activity.defn
    async def plan_wait(self, effect: PlanWait) -> Outcome:
        """The instant as the outcome's ``until``; without one if the lead's field names no day.

        Raises:
            ApplicationError: of type ``Never``: there is no such zone.
        """
        scene = await read_scene(self._ledger, effect, self._connections)
        async with self._ledger.reading() as tx:
            now = await self._ledger.now(tx)
        name = effect.zone or zone_of(scene)
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"step {effect.step!r}: there is no time zone {name[:60]!r}: publish another"
            raise as_application_error(Never("dripstone", "no_such_zone", message)) from error
        window = window_of(scene.version.definition, scene.accounts)
        off = window or scene.accounts.days_off
        value = scene.lead.merge_fields.get(effect.field) if effect.field else None
        return Outcome(state="sent", until=instant_of(effect, now, zone, value, off))
