"""The composition root: one process with a worker for each queue, and the repair loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import PatchActivationInput, Worker

from activities.assignments import Assignments
from activities.bookkeeping import Bookkeeping
from activities.calendars import Calendars
from activities.crm import CrmWrites
from activities.handovers import Handovers
from activities.http_calls import HttpCalls
from activities.launches import Launches
from activities.ledger import Ledger
from activities.ledger.connections import Connections
from activities.memberships import CampaignMemberships
from activities.messaging import Messaging
from activities.notifications import Notifications, Outlets
from activities.platforms import Platforms
from activities.pushing import Pushes
from activities.reviews import Reviews
from activities.steering import Steering
from activities.step_writes import StepWrites
from activities.texting import Texting
from activities.timelines import Timelines
from activities.tracking import Tracking
from activities.vendors.ports import (
    Analytics,
    Board,
    Chat,
    Crm,
    Mailer,
    Outreach,
    Texter,
    Web,
)
from activities.vendors.reply_ports import ReplyRecords
from config.settings import Settings
from workers.high_water import HighWater
from workers.home import keep_to_one_temporal
from workers.key_check import codec_in, keep_to_the_keys
from workers.repair import Repair
from workers.vendors import (
    analytics_of,
    board_of,
    chat_of,
    crm_of,
    mailer_of,
    outreach_of,
    platforms_of,
    replies_of,
    texter_of,
    web_of,
)
from workflows.contracts import TASK_QUEUE
from workflows.enrollment import Enrollment
from workflows.launch import Launch
from workflows.presentation import SEARCH_ATTRIBUTES
from workflows.writeback import Writeback

GRACE = timedelta(seconds=20)
"""In-flight activities may end: cut off, they would burn an attempt."""

ASLEEP: frozenset[str] = frozenset()
"""Patches (``workflow.patched``) that this release knows and does not use yet, because workers of
the release before it, which do not know them, may be at work beside it (docs/runbooks/release.md).
"""

QUEUES = (TASK_QUEUE, "messaging", "crm", "notifications")
"""Every queue that a worker asks for work."""

Activities = Sequence[Callable[..., Any]]


class MissingSearchAttributes(RuntimeError):
    """The server lacks search attributes and they may not be created; says what does."""


def activities_of(instance: object) -> Activities:
    """The activities that an object carries, so that none is forgotten in a list."""
    members = (getattr(instance, name) for name in dir(instance) if not name.startswith("_"))
    return [member for member in members if hasattr(member, "__temporal_activity_definition")]


@dataclass(frozen=True, slots=True)
class Vendors:
    """The clients that activities ask: real ones, or those of a rehearsal."""

    mailer: Mailer
    crm: Crm | None
    chat: Chat | None
    web: Web
    analytics: Analytics | None
    platforms: Platforms
    outreach: Outreach | None = None
    texter: Texter | None = None
    board: Board | None = None
    replies: ReplyRecords | None = None

    @property
    def outlets(self) -> Outlets:
        """Through whom the team is told."""
        return Outlets(self.chat, self.board, self.mailer, self.crm)


def queues(ledger: Ledger, connections: Connections, settings: Settings) -> dict[str, Activities]:
    """The activities of each task queue, with the clients that the settings call for."""
    vendors = vendors_of(connections, settings)
    return activities_by_queue(ledger, connections, vendors, settings.ingress.public_url)


def vendors_of(connections: Connections, settings: Settings) -> Vendors:
    """The clients that the settings call for."""
    crm = crm_of(settings)
    return Vendors(
        mailer=mailer_of(settings),
        crm=crm,
        chat=chat_of(settings),
        texter=texter_of(settings),
        board=board_of(settings),
        outreach=outreach_of(settings),
        platforms=platforms_of(settings, crm),
        web=web_of(connections),
        analytics=analytics_of(settings),
        replies=replies_of(crm),
    )


def activities_by_queue(
    ledger: Ledger, connections: Connections, vendors: Vendors, public_url: str
) -> dict[str, Activities]:
    """The activities of each task queue. ``public_url`` is where unsubscribe links lead."""
    handing = Handovers(ledger, connections, vendors.outreach)
    messaging = Messaging(ledger, connections, vendors.mailer, public_url)
    carriers: dict[str, tuple[object, ...]] = {
        TASK_QUEUE: (
            Bookkeeping(ledger, connections),
            Calendars(ledger, connections),
            Launches(ledger, connections),
        ),
        "messaging": (
            messaging,
            Texting(ledger, connections, vendors.texter),
            Reviews(ledger, connections, messaging, vendors.chat),
            handing,
        ),
        "crm": (
            CrmWrites(ledger, connections, vendors.crm, vendors.replies),
            StepWrites(ledger, connections, vendors.crm),
            Assignments(ledger, connections, vendors.crm),
            HttpCalls(ledger, connections, vendors.web),
            Pushes(ledger, connections, vendors.platforms),
            CampaignMemberships(ledger, connections, vendors.platforms),
            Timelines(ledger, connections, vendors.platforms),
            Steering(ledger, vendors.outreach),
        ),
        "notifications": (
            Notifications(ledger, connections, vendors.outlets),
            Tracking(ledger, connections, vendors.analytics, vendors.web),
        ),
    }
    return {
        queue: [one for carrier in group for one in activities_of(carrier)]
        for queue, group in carriers.items()
    }


async def run_worker(
    client: Client, ledger: Ledger, connections: Connections, settings: Settings
) -> None:
    """Work until cancelled; then finish what is in flight, for at most the grace time."""
    await keep_to_one_temporal(client, ledger)
    await keep_to_the_keys(ledger, codec_in(client))
    await ensure_search_attributes(client)
    high_water = HighWater(ledger, client)
    await high_water.compare()  # before anything can begin
    async with AsyncExitStack() as running:
        running.push_async_callback(high_water.keep_at_last)
        vendors = vendors_of(connections, settings)
        public_url = settings.ingress.public_url
        by_queue = activities_by_queue(ledger, connections, vendors, public_url)
        for queue, activities in by_queue.items():
            workflows = [Enrollment, Writeback, Launch] if queue == TASK_QUEUE else []
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=activities,
                graceful_shutdown_timeout=GRACE,
                patch_activation_callback=_is_awake,
            )
            await running.enter_async_context(worker)
        repair = asyncio.create_task(
            Repair(ledger, client, connections, vendors.outreach, vendors.outlets).run()
        )
        running.push_async_callback(_stop, repair)
        # It never ends by itself: a bug in it must end the worker, not leave it without repairs.
        await asyncio.shield(repair)


def _is_awake(asked: PatchActivationInput) -> bool:
    return asked.patch_id not in ASLEEP


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ensure_search_attributes(client: Client) -> None:
    """Create the search attributes that the server lacks.

    Raises:
        MissingSearchAttributes: they may not be created from here.
    """
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = [key.name for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes]
    if not missing:
        return
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes=dict.fromkeys(
                    missing, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
                ),
            )
        )
    except RPCError as error:
        options = " ".join(f"--name {name} --type Keyword" for name in missing)
        raise MissingSearchAttributes(
            f"the Temporal server lacks search attributes ({error.message}): run "
            f"'temporal operator search-attribute create {options}'"
        ) from error
