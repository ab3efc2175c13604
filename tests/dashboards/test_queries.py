"""What pages ask of the database does not grow with what they show."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert, about
from alerts.selectors import firing_briefly, most_urgent
from slo.models import Component, Objective
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGES = ("/", "/objectives/?group=component&sort=-burn&q=o")


def grow(number: int) -> None:
    """So many more objectives on as many services and components, each with a ledger and an alert."""
    for _ in range(number):
        component = factories.component()
        item = factories.objective(component=component, owner=f"team {component.pk}", title=f"works {component.pk}")
        factories.ledger(item, seconds=600, step=60, bad=50)
        Alert.objects.create(
            **about(item), severity="page", state=Alert.State.FIRING, opened_at=NOW, fired_at=NOW, figures={}
        )


def asked(client: Client, path: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"][:120] for query in queries.captured_queries]


def test_a_list_of_many_objectives_costs_as_many_queries_as_one_of_few(reader: Client) -> None:
    grow(3)
    few = {path: asked(reader, path) for path in PAGES}
    grow(25)
    assert Objective.objects.count() > 25
    assert Component.objects.count() > 25
    for path in PAGES:
        many = asked(reader, path)
        assert len(many) <= len(few[path]) + 2, (path, many)


def test_the_most_urgent_alerts_are_those_that_nothing_keeps_quiet_then_pages_then_the_oldest(reader: Client) -> None:
    grow(4)
    first, second, third, fourth = Alert.objects.order_by("-pk")[:4]
    Alert.objects.filter(pk=first.pk).update(inhibited_by=second)
    Alert.objects.filter(pk=third.pk).update(severity="ticket")
    order = [alert.pk for alert in most_urgent(100)]
    assert order == [brief.pk for brief in firing_briefly()]
    assert order[-1] == first.pk
    assert order[-2] == third.pk
    assert order.index(fourth.pk) < order.index(second.pk)
    assert [brief.hushed for brief in firing_briefly()][-1]
    assert [alert.pk for alert in most_urgent(2)] == order[:2]
