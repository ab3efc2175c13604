"""Who is told together with what: through the real evaluation and the real outbox."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert, Delivery, Group
from alerts.services.acknowledge import acknowledge
from alerts.services.evaluate import evaluate
from slo.models import BurnPolicy, Objective, Service
from tests import factories
from tests.alerts.world import HOUR_WINDOW, burning, channel, extend, resolve, run, tell
from tests.factories import NOW

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def of(service: str, name: str, **fields: Any) -> Objective:
    found = Service.objects.filter(name=service).first() or factories.service(service)
    return burning(name, service=found, **fields)


def told(at: datetime) -> list[tuple[str, str, list[str]]]:
    """What arrives: (group, event, objectives)."""
    return [(",".join(b.group.values()), b.event, sorted(item.objective for item in b.items)) for b in tell(at)]


def test_alerts_of_a_service_come_in_one_message_the_most_urgent_first() -> None:
    channel(severities=("page", "ticket"))
    of("orders", "a")
    of("orders", "b")
    of("returns", "c")
    evaluate(NOW)
    assert sorted(told(NOW)) == [("orders", "firing", ["a", "b"]), ("returns", "firing", ["c"])]


def test_what_joins_a_group_says_so_beside_what_fires_and_the_end_is_told_when_all_of_it_is_over() -> None:
    channel()
    first = of("orders", "a")
    evaluate(NOW)
    assert told(NOW) == [("orders", "firing", ["a"])]
    extend(first, NOW + MINUTE, bad=20)
    second = of("orders", "b", at=NOW + MINUTE)
    evaluate(NOW + MINUTE)
    assert told(NOW + MINUTE) == [("orders", "firing", ["a", "b"])]
    extend(first, NOW + 25 * MINUTE)
    extend(second, NOW + 25 * MINUTE, bad=20)
    run(NOW + 20 * MINUTE, NOW + 25 * MINUTE)
    assert told(NOW + 25 * MINUTE) == [("orders", "update", ["a", "b"])]
    extend(second, NOW + 60 * MINUTE)
    run(NOW + 55 * MINUTE, NOW + 60 * MINUTE)
    assert told(NOW + 60 * MINUTE) == [("orders", "resolved", ["b"])]
    assert Group.objects.get().closed_at is not None
    keys = list(Delivery.objects.order_by("pk").values_list("dedup_key", flat=True))
    assert [key.rsplit(":", 1)[1] for key in keys] == ["1", "2", "3", "4"]


def test_the_first_message_waits_for_company() -> None:
    channel(group_wait=40)
    first = of("orders", "a")
    evaluate(NOW)
    assert told(NOW + 30 * SECOND) == []
    extend(first, NOW + 30 * SECOND, bad=20)
    of("orders", "b", at=NOW + 30 * SECOND)
    evaluate(NOW + 30 * SECOND)
    assert told(NOW + 41 * SECOND) == [("orders", "firing", ["a", "b"])]


def test_an_end_is_told_only_where_the_beginning_was() -> None:
    channel("early")
    alert = Alert.objects.get(objective=_fire("a"))
    tell(NOW)
    channel("late")
    resolve(alert)
    assert set(Delivery.objects.values_list("channel__name", flat=True)) == {"early"}


def test_that_somebody_has_it_is_told_of_the_group() -> None:
    channel()
    alert = Alert.objects.get(objective=_fire("a"))
    tell(NOW)
    acknowledge(alert, None, "on it", NOW + MINUTE, via="pagerduty:ana")
    (bundle,) = tell(NOW + MINUTE)
    assert (bundle.event, bundle.first.acknowledged_by) == ("acknowledged", "pagerduty:ana")


def test_what_a_silence_hides_is_not_told_though_it_was_owed_before() -> None:
    channel()
    alert = Alert.objects.get(objective=_fire("a"))
    Alert.objects.update(inhibited_by=alert)
    assert tell(NOW) == []
    assert Delivery.objects.get().answer == "Not sent: nothing of it was left to tell"


def test_a_group_whose_alerts_were_deleted_is_closed() -> None:
    channel()
    item = _fire("a")
    tell(NOW)
    item.delete()
    assert tell(NOW + MINUTE) == []
    assert Group.objects.get().closed_at == NOW + MINUTE


def test_a_match_that_cannot_be_read_hears_everything(caplog: pytest.LogCaptureFixture) -> None:
    channel(match=["((("])
    _fire("a")
    assert len(tell(NOW)) == 1
    assert "hears every alert" in caplog.text


@pytest.mark.parametrize(
    ("match", "names"),
    [
        (['service="orders"'], ["a"]),
        (['team="web"'], ["b"]),
        (['tier=~"1|2"'], ["a"]),
        (['kind="source"'], []),
        (["service!=orders", "severity=page"], ["b"]),
    ],
)
def test_routing_is_by_any_label(match: list[str], names: list[str]) -> None:
    channel(match=match)
    orders, web = factories.service("orders"), factories.service("web", owner="web")
    burning("a", component=factories.component("api", tier=2, service=orders), service=orders)
    burning("b", service=web)
    evaluate(NOW)
    assert [item.objective for bundle in tell(NOW) for item in bundle.items] == names


def test_a_storm_of_500_alerts_is_a_handful_of_messages_and_all_of_it_is_on_the_pages() -> None:
    channel("pager")
    channel("team", severities=("page", "ticket"), group_by=["objective"])
    services = [factories.service(f"service-{number}") for number in range(50)]
    for number in range(500):
        _quick(f"objective-{number}", services[number % 50])
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        evaluate(NOW)
        took = time.perf_counter() - began
    bundles = tell(NOW)
    assert Alert.objects.filter(state="firing").count() == 500
    assert len(bundles) == 2, "one message a channel"
    assert {len(bundle.items) for bundle in bundles} == {500}
    assert "500 pages" in bundles[0].summary
    assert len(bundles[0].text) < 20_000
    assert len(queries) < 150
    assert took < 20, f"{took:.1f} s"


def test_a_storm_that_comes_bit_by_bit_is_a_handful_too() -> None:
    channel()
    items: list[Objective] = []
    sent = 0
    for number in range(12):
        at = NOW + number * 20 * SECOND
        for item in items:
            extend(item, at, bad=20)
        items.append(of(f"service-{number}", f"objective-{number}", at=at))
        evaluate(at)
        sent += len(tell(at))
    assert sent <= 10
    assert Group.objects.count() == 6
    assert Group.objects.filter(alerts__isnull=False).values("alerts").distinct().count() == 12


def _fire(name: str) -> Objective:
    item = of("orders", name)
    evaluate(NOW)
    return item


def _quick(name: str, service: Service) -> Objective:
    """As `burning`, with a row every five minutes."""
    policy, _ = BurnPolicy.objects.get_or_create(name="hour", defaults={"windows": [HOUR_WINDOW]})
    item = factories.objective(name, service=service, burn_policy=policy)
    factories.ledger(item, end=NOW, seconds=3_900, step=300, total=500, bad=lambda left: 250 if left < 3_600 else 0)
    return item
