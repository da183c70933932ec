"""Temporal: what the namespace must have, who works there, and which enrollments stand still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from starters.doctor.finding import Finding, unless
from workers.main import QUEUES
from workflows.contracts import TASK_QUEUE
from workflows.presentation import SEARCH_ATTRIBUTES, STATE

ASKING_PATIENCE = timedelta(seconds=10)
RETENTION = timedelta(days=30)
LIVING = "WorkflowType = 'Enrollment' AND ExecutionStatus = 'Running'"
STUCK = "TemporalReportedProblems IN ('category=WorkflowTaskFailed')"
LOOKED_AT = 50
ATTEMPTS = 2
"""A workflow task that has failed more often than that does not fail by chance."""

WORKFLOW, ACTIVITY = (
    TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
)


async def look_at_temporal(client: Client, home: str | None) -> list[Finding]:
    """All about one namespace. ``home`` is the id of the ledger's own; None: it has none yet."""
    where = f"{client.service_client.config.target_host}, namespace {client.namespace}"
    found = [Finding("temporal", "ok", f"answers at {where}")]
    looks = {
        "namespace": _namespace(client, home),
        "search-attributes": _search_attributes(client),
        "workers": _pollers(client),
        "stuck-workflows": _stuck(client),
        "attention": _attention(client),
    }
    for check, look in looks.items():
        try:
            found += [one async for one in look]
        except RPCError as error:
            said = f"could not be looked at: {error.message}"
            mend = "mend what is above, or check the rights of the API key"
            found.append(Finding(check, "unknown", said, mend))
    return found


async def _namespace(client: Client, home: str | None) -> AsyncIterator[Finding]:
    request = DescribeNamespaceRequest(namespace=client.namespace)
    found = await client.workflow_service.describe_namespace(request, timeout=ASKING_PATIENCE)
    kept = found.config.workflow_execution_retention_ttl.ToTimedelta()
    name = client.namespace
    yield unless(
        "retention",
        kept < RETENTION,
        (
            f"namespace {name} keeps closed workflows {kept.days} days, not 30",
            f"namespace {name} keeps closed workflows {kept.days} days",
        ),
        f"temporal operator namespace update --namespace {name} --retention 30d",
    )
    yield unless(
        "namespace",
        home and home != found.namespace_info.id,
        ("the ledger belongs to another namespace than this one", "it is the ledger's own"),
        "set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE to the ledger's, or DRIPSTONE_LEDGER_URL to "
        "this one's",
    )


async def _search_attributes(client: Client) -> AsyncIterator[Finding]:
    request = ListSearchAttributesRequest(namespace=client.namespace)
    known = await client.operator_service.list_search_attributes(request, timeout=ASKING_PATIENCE)
    missing = [one.name for one in SEARCH_ATTRIBUTES if one.name not in known.custom_attributes]
    options = " ".join(f"--name {name} --type Keyword" for name in missing)
    yield unless(
        "search-attributes",
        missing,
        (f"the namespace lacks {', '.join(missing)}", "all are there"),
        f"a worker makes them, or: temporal operator search-attribute create {options}",
    )


async def _pollers(client: Client) -> AsyncIterator[Finding]:
    for queue in QUEUES:
        kinds = (WORKFLOW, ACTIVITY) if queue == TASK_QUEUE else (ACTIVITY,)
        workers: list[set[str]] = []
        for kind in kinds:
            request = DescribeTaskQueueRequest(
                namespace=client.namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=kind,
            )
            found = await client.workflow_service.describe_task_queue(
                request, timeout=ASKING_PATIENCE
            )
            workers.append({poller.identity for poller in found.pollers})
        fewest = min(len(some) for some in workers)
        yield unless(
            f"workers-{queue}",
            fewest == 0,
            ("nobody asks for work", f"asking for work: {fewest}"),
            "start a worker: dripstone worker",
        )


async def _stuck(client: Client) -> AsyncIterator[Finding]:
    """Workflows whose task fails: told by the server, and seen at those that began last."""
    mend = 'temporal workflow list --query "' + STUCK + '"; docs/runbooks/failed-workflow-task.md'
    try:
        told = (
            await client.count_workflows(f"{LIVING} AND {STUCK}", rpc_timeout=ASKING_PATIENCE)
        ).count
    except RPCError:
        told = 0  # an older server does not have the attribute
    seen = 0
    async for found in client.list_workflows(LIVING, limit=LOOKED_AT, rpc_timeout=ASKING_PATIENCE):
        handle = client.get_workflow_handle(found.id, run_id=found.run_id)
        raw = (await handle.describe(rpc_timeout=ASKING_PATIENCE)).raw_description
        seen += raw.pending_workflow_task.attempt > ATTEMPTS
    stuck = max(told, seen)
    what = (f"{stuck} or more enrollments cannot go on: their code fails", "no enrollment fails")
    yield unless("stuck-workflows", stuck, what, mend)


async def _attention(client: Client) -> AsyncIterator[Finding]:
    query = f"{LIVING} AND {STATE.name} = 'attention'"
    count = (await client.count_workflows(query, rpc_timeout=ASKING_PATIENCE)).count
    if not count:
        yield Finding("attention", "ok", "no lead waits for an operator")
        return
    mend = "dripstone list --state attention; docs/runbooks/attention.md"
    yield Finding("attention", "warning", f"{count} leads wait for an operator", mend)
