"""The ledger and Temporal as gauges: what was seen last, and nothing where nothing was seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from activities.ledger.figures import Figures
from workers.leading import LEASE


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found. None: the ledger, or Temporal, did not answer."""

    figures: Figures | None
    attention: int | None


class Gauges(Collector):
    """The newest look, as metrics."""

    def __init__(self) -> None:
        self._newest: Looked | None = None

    def show(self, looked: Looked) -> None:
        """From now on, these are the figures."""
        self._newest = looked

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families of metrics of the newest look."""
        if self._newest is None:
            return
        figures, attention = self._newest.figures, self._newest.attention
        yield _one("ledger_up", "1: the ledger answers", float(figures is not None))
        yield _one("temporal_up", "1: Temporal answers", float(attention is not None))
        if attention is not None:
            yield _one("attention", "Leads that wait for an operator", attention)
        if figures is not None:
            yield from _by_label(figures)
            yield from _single(figures)


def _by_label(figures: Figures) -> Iterator[GaugeMetricFamily]:
    entries = GaugeMetricFamily("dripstone_admissions", "Entries of leads", labels=["state"])
    for state, count in figures.admissions.items():
        entries.add_metric([state], count)
    effects = GaugeMetricFamily(
        "dripstone_effects", "What was asked of vendors", labels=["activity", "state"]
    )
    for key, count in figures.effects.items():
        effects.add_metric(key, count)
    holds = GaugeMetricFamily(
        "dripstone_holds", "Leads held until a cause is gone", labels=["cause"]
    )
    for cause, count in figures.holds.items():
        holds.add_metric([cause], count)
    yield from (entries, effects, holds)


def _single(figures: Figures) -> Iterator[GaugeMetricFamily]:
    yield _one("alerts_open", "Alerts that nobody has acknowledged", figures.open_alerts)
    yield _one("deliveries_pending", "Events still to be told to enrollments", figures.deliveries)
    yield _one(
        "delivery_oldest_seconds",
        "How long the oldest of these has waited",
        figures.oldest_delivery.total_seconds(),
    )
    yield _one(
        "write_back_oldest_seconds",
        "How long the oldest planned write-back has waited",
        figures.oldest_write_back.total_seconds(),
    )
    yield _one(
        "repair_loop_lag_seconds",
        "How long ago the worker at the repair loop said so; +Inf: there is none",
        _lag(figures),
    )


def _one(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dripstone_{name}", told, value=value)


def _lag(figures: Figures) -> float:
    """It says so by renewing its lease."""
    if figures.repair_until is None:
        return math.inf
    return max((figures.now - (figures.repair_until - LEASE)).total_seconds(), 0.0)
