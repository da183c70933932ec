"""One Temporal plugin for client, worker, replayer and tests, so that replay cannot differ."""

from __future__ import annotations

import dataclasses
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import (
    PydanticPayloadConverter,
    ToJsonOptions,
    pydantic_data_converter,
)
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
)
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workers.codec import ENCRYPTED, KEY_ID, Codec

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


class UnreadablePayload(ValueError):
    """A payload that is encrypted under a key that is not here, or that was altered."""


class SealedConverter(EncodingPayloadConverter):
    """Says what is wrong with a payload that the codec could not open."""

    @property
    def encoding(self) -> str:
        """The codec's."""
        return ENCRYPTED.decode()

    def to_payload(self, value: Any) -> Payload | None:
        """Never: only the codec encrypts."""
        del value
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """Refuse it.

        Raises:
            UnreadablePayload: always.
        """
        del type_hint
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        raise UnreadablePayload(
            f"a payload is encrypted under the key {key_id!r} and cannot be read here: "
            "DRIPSTONE_CODEC__KEYS must have that key, and the payload must be unaltered"
        )


class CompactConverter(PydanticPayloadConverter):
    """JSON without the fields that were never set: half of a history's bytes."""

    def __init__(self) -> None:
        super().__init__(ToJsonOptions(exclude_unset=True))
        sealed = SealedConverter()
        self.converters = {**self.converters, sealed.encoding.encode(): sealed}


DATA_CONVERTER: DataConverter = dataclasses.replace(
    pydantic_data_converter, payload_converter_class=CompactConverter
)


def _runner(existing: WorkflowRunner | None) -> WorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    if isinstance(existing, SandboxedWorkflowRunner) or existing is None:
        return SandboxedWorkflowRunner(restrictions=restrictions)
    return existing


def dripstone_plugin(codec: Codec | None = None) -> SimplePlugin:
    """Converter, codec and sandbox. Given to a client, it reaches that client's workers too.

    With a codec the messages and stack traces of failures are payloads, too, and are encrypted.
    """
    converter = DATA_CONVERTER
    if codec is not None:
        converter = dataclasses.replace(
            DATA_CONVERTER,
            payload_codec=codec,
            failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        )
    return SimplePlugin("dripstone", data_converter=converter, workflow_runner=_runner)


class TemporalUnreachable(ConnectionError):
    """Temporal did not answer; the message says where it was looked for and how to start it."""


async def connect(
    address: str | None = None, codec: Codec | None = None, runtime: Runtime | None = None
) -> Client:
    """Connect to the Temporal server of ``temporal.toml`` and the ``TEMPORAL_*`` variables.

    Args:
        address: host and port that win over both.
        codec: what encrypts payloads; without one they are plain.
        runtime: the SDK's runtime, if not its default one.

    Raises:
        TemporalUnreachable: nothing answers there.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    if address:
        config["target_host"] = address
    try:
        return await Client.connect(**config, plugins=[dripstone_plugin(codec)], runtime=runtime)
    except (RuntimeError, RPCError) as error:
        raise TemporalUnreachable(
            f"Temporal does not answer at {config['target_host']}: start it with 'dripstone dev', "
            "or set TEMPORAL_ADDRESS to where it runs"
        ) from error
