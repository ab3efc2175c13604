"""Circuits as Prometheus metrics, derived from the rows at the moment of the scrape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from degradation import selectors
from degradation.rules.circuit import Phase


class Circuits:
    """A collector of where every component's circuit stands, and of those that clients report."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        views = selectors.circuits(datetime.now(UTC))
        state = GaugeMetricFamily(
            "brownout_circuit_state", "1 for the phase a component's circuit is in", labels=("component", "state")
        )
        clients = GaugeMetricFamily(
            "brownout_circuit_clients", "Clients that report of their circuits", labels=("component", "state")
        )
        for view in views:
            name, fleet = view.component.name, view.fleet
            for phase in get_args(Phase):
                state.add_metric((name, phase), float(view.phase == phase))
            if fleet.total:
                counts = {"open": fleet.open, "half-open": fleet.half_open}
                counts["closed"] = fleet.total - sum(counts.values())
                for word, number in counts.items():
                    clients.add_metric((name, word), number)
        yield state
        yield clients
