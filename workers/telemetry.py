"""The worker's own metrics: those of Temporal's SDK and the gate's answers, for Prometheus."""

from __future__ import annotations

import ipaddress

from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from config.settings import WorkerSettings


class CannotShowMetrics(RuntimeError):
    """The address for metrics cannot be used; the message says which variable to set."""


def runtime_of(settings: WorkerSettings) -> Runtime | None:
    """The SDK's runtime with metrics at the address that is set; None: no address is.

    Raises:
        CannotShowMetrics: the address is taken, or none of this machine.
    """
    if settings.metrics_port is None:
        return None
    where = f"{settings.metrics_host} port {settings.metrics_port}"
    try:
        host = ipaddress.ip_address(settings.metrics_host)
        literal = f"[{host}]" if host.version == 6 else str(host)
        shown = PrometheusConfig(
            bind_address=f"{literal}:{settings.metrics_port}",
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
        return Runtime(telemetry=TelemetryConfig(metrics=shown))
    except ValueError as error:
        raise CannotShowMetrics(
            f"metrics cannot be shown at {where}: {error}: set DRIPSTONE_WORKER__METRICS_PORT to "
            "a free port, and DRIPSTONE_WORKER__METRICS_HOST to an IP address of this machine"
        ) from error
