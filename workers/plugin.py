"""One Temporal plugin for client, worker, replayer and tests, so that replay cannot differ."""

from __future__ import annotations

import dataclasses

from temporalio.client import Client
from temporalio.contrib.pydantic import (
    PydanticPayloadConverter,
    ToJsonOptions,
    pydantic_data_converter,
)
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

PASSED_THROUGH = (
    # The engine is pure, which a test and the linter keep; passed through, its models are built
    # once and not again for each workflow.
    "workflows.engine",
    "workflows.contracts",
    "workflows.presentation",
    "workflows.options",
    # No state of their own, and nothing asked of clock or chance but through `workflow`: building
    # them anew for each workflow was a third of what starting one costs.
    "workflows.orders",
    "workflows.flight",
    "email_validator",
    "dns",
    "idna",
)


class CompactConverter(PydanticPayloadConverter):
    """JSON without the fields that were never set: half of a history's bytes."""

    def __init__(self) -> None:
        super().__init__(ToJsonOptions(exclude_unset=True))


DATA_CONVERTER: DataConverter = dataclasses.replace(
    pydantic_data_converter, payload_converter_class=CompactConverter
)


def _runner(existing: WorkflowRunner | None) -> WorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    if isinstance(existing, SandboxedWorkflowRunner) or existing is None:
        return SandboxedWorkflowRunner(restrictions=restrictions)
    return existing


def dripstone_plugin() -> SimplePlugin:
    """Converter and sandbox. Given to a client, it reaches that client's workers too."""
    return SimplePlugin("dripstone", data_converter=DATA_CONVERTER, workflow_runner=_runner)


class TemporalUnreachable(ConnectionError):
    """Temporal did not answer; the message says where it was looked for and how to start it."""


async def connect(address: str | None = None, runtime: Runtime | None = None) -> Client:
    """Connect to the Temporal server of ``temporal.toml`` and the ``TEMPORAL_*`` variables.

    Args:
        address: host and port that win over both.
        runtime: the SDK's runtime, if not its default one.

    Raises:
        TemporalUnreachable: nothing answers there.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    if address:
        config["target_host"] = address
    try:
        return await Client.connect(**config, plugins=[dripstone_plugin()], runtime=runtime)
    except (RuntimeError, RPCError) as error:
        raise TemporalUnreachable(
            f"Temporal does not answer at {config['target_host']}: start it with 'dripstone dev', "
            "or set TEMPORAL_ADDRESS to where it runs"
        ) from error
