"""A ledger belongs to one Temporal namespace: with another one its enrollments would look gone."""

from __future__ import annotations

from sqlalchemy import select
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from activities.ledger import Ledger
from activities.ledger.tables import facts_about_ledger
from activities.ledger.upsert import insert_new


class WrongTemporal(RuntimeError):
    """The ledger was used with another Temporal namespace; the message says what to do."""


async def keep_to_one_temporal(client: Client, ledger: Ledger) -> None:
    """Remember the namespace of the first worker; later ones must be in the same.

    The repair loop closes enrollments whose workflow does not exist. Pointed at an empty server it
    would close them all.

    Raises:
        WrongTemporal: this is another namespace than the ledger's.
    """
    request = DescribeNamespaceRequest(namespace=client.namespace)
    found = await client.workflow_service.describe_namespace(request)
    here = found.namespace_info.id
    row = facts_about_ledger
    async with ledger.transaction() as tx:
        await insert_new(tx, row, {"center": "default", "name": "temporal", "value": here})
        known = await tx.scalar(select(row.c.value).where(row.c.name == "temporal"))
    if known != here:
        raise WrongTemporal(
            f"this ledger belongs to another Temporal namespace ({known}) than the one at "
            f"{client.service_client.config.target_host} ({here}): set TEMPORAL_ADDRESS and "
            "TEMPORAL_NAMESPACE to the ledger's, or DRIPSTONE_LEDGER_URL to a ledger of its own"
        )
