"""Alerts and the outbox as Prometheus metrics, derived from the rows at the moment of the scrape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

from prometheus_client.core import GaugeMetricFamily, Metric

from alerts import selectors
from alerts.models import Alert
from alerts.rules.verdicts import NAMES
from alerts.selectors_channels import standings
from slo.maths.burn import SEVERITIES
from slo.metrics import LABELS, all_identities

CIRCUIT = ("closed", "open", "half-open")


class Alerts:
    """A collector of open alerts and of what is owed to channels. Nothing is left out when it is zero."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        open_alerts = selectors.counts()
        alerts = GaugeMetricFamily("brownout_alerts", "Open alerts", labels=("kind", "severity", "state"))
        for key in product(Alert.Kind.values, SEVERITIES, ("pending", "firing")):
            alerts.add_metric(key, open_alerts.get(key, 0))
        yield alerts
        quiet = GaugeMetricFamily("brownout_alerts_held", "Firing alerts people are not told of again", labels=("by",))
        for reason, number in selectors.quiet_counts().items():
            quiet.add_metric((reason,), number)
        yield quiet
        yield _each()
        yield GaugeMetricFamily(
            "brownout_outbox_depth", "Messages owed and not yet accepted", value=selectors.outbox_depth()
        )
        yield GaugeMetricFamily(
            "brownout_dead_letters", "Messages that were given up", value=len(selectors.dead_letters())
        )
        yield from _channels()


def _channels() -> Iterator[Metric]:
    """Each channel: its circuit (1 for the state it is in), what is owed to it and what was given up."""
    circuit = GaugeMetricFamily("brownout_channel_circuit", "State of a channel's circuit", labels=("channel", "state"))
    owed = GaugeMetricFamily("brownout_channel_owed", "Messages owed to a channel", labels=("channel",))
    dead = GaugeMetricFamily("brownout_channel_dead_letters", "Messages given up at a channel", labels=("channel",))
    for standing in standings(datetime.now(UTC)):
        name = standing.channel.name
        now = standing.state if standing.state in CIRCUIT else "closed"
        for state in CIRCUIT:
            circuit.add_metric((name, state), now == state)
        owed.add_metric((name,), standing.owed)
        dead.add_metric((name,), standing.dead)
    yield from (circuit, owed, dead)


def _each() -> Metric:
    """Each open alert as Prometheus tells of those of its rules, with the labels Sloth gives them."""
    labels = ("alertname", "alertstate", "severity", "sloth_severity", *LABELS)
    family = GaugeMetricFamily("ALERTS", "Open alerts, one by one", labels=labels)
    found = selectors.open_alerts()
    names = all_identities() if found else {}
    for alert in found:
        # Those of other things than an objective have a service at most, like an alert of anybody's own rules.
        service = alert.service.name if alert.service else ""
        identity = names[alert.objective.name] if alert.objective else ("", service, alert.subject)
        family.add_metric((NAMES[alert.kind], alert.state, alert.severity, alert.severity, *identity), 1)
    return family
