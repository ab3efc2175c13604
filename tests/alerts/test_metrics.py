"""Alerts and the outbox as metrics."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alerts.channels import fake
from alerts.channels.base import Answer
from alerts.metrics import Alerts
from alerts.models import ChannelCircuit
from alerts.services.deliver import deliver
from tests.alerts.world import channel, fired
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def scrape() -> set[str]:
    registry = CollectorRegistry()
    registry.register(Alerts())
    return {line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")}


def test_everything_is_told_even_when_there_is_nothing() -> None:
    assert 'brownout_alerts{kind="burn",severity="page",state="firing"} 0.0' in scrape()
    assert {"brownout_outbox_depth 0.0", "brownout_dead_letters 0.0"} < scrape()


def test_open_alerts_and_what_is_owed_are_counted() -> None:
    channel("a")
    channel("b")
    fired()
    assert {'brownout_alerts{kind="burn",severity="page",state="firing"} 1.0', "brownout_outbox_depth 2.0"} < scrape()
    with fake.installed(Answer("refused", "no"), Answer("refused", "no")):
        deliver(NOW)
    assert {"brownout_outbox_depth 0.0", "brownout_dead_letters 2.0"} < scrape()


def test_a_channel_shows_its_circuit_and_what_is_owed_to_it() -> None:
    team = channel()
    fired()
    ChannelCircuit.objects.create(channel=team, opened_at=NOW, resume_at=NOW, failures=5, openings=1)
    assert {
        'brownout_channel_circuit{channel="team",state="half-open"} 1.0',
        'brownout_channel_circuit{channel="team",state="closed"} 0.0',
        'brownout_channel_owed{channel="team"} 1.0',
        'brownout_channel_dead_letters{channel="team"} 0.0',
    } < scrape()
