"""Alerts and the outbox as Prometheus metrics, derived from the rows at the moment of the scrape."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from alerts import selectors
from slo.maths.burn import SEVERITIES


class Alerts:
    """A collector of open alerts and of what is owed to channels. Nothing is left out when it is zero."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        open_alerts = selectors.counts()
        alerts = GaugeMetricFamily("brownout_alerts", "Open alerts", labels=("severity", "state"))
        for severity in SEVERITIES:
            for state in ("pending", "firing"):
                alerts.add_metric((severity, state), open_alerts.get((severity, state), 0))
        yield alerts
        yield GaugeMetricFamily(
            "brownout_outbox_depth", "Messages owed and not yet accepted", value=selectors.outbox_depth()
        )
        yield GaugeMetricFamily(
            "brownout_dead_letters", "Messages that were given up", value=len(selectors.dead_letters())
        )
