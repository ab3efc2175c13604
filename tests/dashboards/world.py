"""A small shop in trouble: one objective burns and pages, a flag is shed, a capability is on its last resort."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Group, User

from alerts.models import Alert, Channel, Delivery, Runbook, RunbookVersion, Transition, about
from degradation.models import Capability, Flag, FlagChange, Shedding
from slo.models import Objective, Service, System
from tests import factories
from tests.factories import NOW

PASSWORD = "correct horse battery staple"
BEGAN = NOW - timedelta(minutes=20)
FIRED = NOW - timedelta(minutes=18)
SHED = NOW - timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class World:
    burning: Objective
    healthy: Objective
    alert: Alert
    flag: Flag
    runbook: Runbook


def person(role: str, password: str | None = None) -> User:
    """A user of that role; an empty role is none. Without a password, which takes a while to hash, log in by force."""
    user = User.objects.create_user(role or "nobody", password=password)
    if role:
        # A transactional test ends with a flush, which takes the groups of the migration along.
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def trouble() -> World:
    """Order tracking fails since 20 minutes; the catalog is well."""
    shop = factories.service("shop", title="The shop")
    orders = factories.component("orders", title="Orders", tier=2, service=shop, warn_ratio=0.02, down_ratio=0.05)
    catalog = factories.component("catalog", title="Catalog", tier=1, service=shop)
    burning = factories.objective(
        "orders-availability", title="Order tracking answers", component=orders, runbook="orders"
    )
    healthy = factories.objective("catalog-availability", title="Product details answer", component=catalog)
    # 240 bad of 288,000 events in 20 minutes: a burn of 20 over the hour, a sixth of the budget left.
    factories.ledger(burning, seconds=86_400, step=60, total=200, bad=lambda left: 12 if left < 1_200 else 0)
    factories.ledger(healthy, seconds=86_400, step=300)
    _promise(shop)
    runbook = _runbook()
    alert = _alert(burning)
    return World(burning, healthy, alert, _flag(burning, alert), runbook)


def _promise(shop: Service) -> None:
    """The shop promises what only its fallback can keep; a list of prices stands in for the catalog."""
    fallback = {"primary": "catalog", "coverage": 0.5}
    spec = {"structure": "all(orders, prices)", "blocks": [{"name": "prices", "fallback": fallback}]}
    System.objects.create(
        name="shop", title="The shop end to end", service=shop, target=0.9995, period=2_592_000, spec=spec
    )


def _runbook() -> Runbook:
    runbook = Runbook.objects.create(name="orders", title="Orders unavailable", severity="P2", owner="orders team")
    body = "## Immediate action\n\n1. Look at the *status page*.\n2. Put up a banner.\n\n<script>alert(1)</script>\n"
    RunbookVersion.objects.create(runbook=runbook, number=1, body=body, author="sam", created_at=BEGAN)
    return runbook


def _alert(item: Objective) -> Alert:
    window = {"long": 3_600, "short": 300, "factor": 14.4, "burn_long": 200.0, "burn_short": 600.0, "exceeded": True}
    alert = Alert.objects.create(
        **about(item),
        severity="page",
        state=Alert.State.FIRING,
        opened_at=FIRED,
        fired_at=FIRED,
        figures={"windows": [window], "remaining": 0.62},
    )
    fired = Transition.objects.create(alert=alert, at=FIRED, before="inactive", after="firing", cause="burning 200×")
    channel = Channel.objects.create(name="on-call", kind="webhook", severities=["page"])
    group = channel.groups.create(key="service='shop'", labels={"service": "shop"}, opened_at=FIRED)
    group.alerts.add(alert)
    delivery = Delivery.objects.create(
        group=group,
        channel=channel,
        dedup_key="orders/page",
        state=Delivery.State.SENT,
        owed_at=FIRED,
        due_at=FIRED,
        sent_at=FIRED + timedelta(seconds=2),
        sends=1,
        answer="202 Accepted",
    )
    delivery.transitions.add(fired)
    return alert


def _flag(item: Objective, alert: Alert) -> Flag:
    reason = "orders-availability burns 200× over 1h"
    flag = Flag.objects.create(
        key="order-updates",
        service=item.service,
        description="News about parcels without being asked.",
        tier=3,
        shed_at=SHED,
        shed_by=alert,
        shed_reason=reason,
    )
    Shedding.objects.create(service=item.service, state={}, reason="everything that may be shed is shed")
    FlagChange.objects.create(
        flag=flag, at=SHED, cause=FlagChange.Cause.SHED, before=True, after=False, reason=reason, alert=alert
    )
    modes = [
        {"name": "full", "when": "orders"},
        {"name": "orders page", "message": "Your orders page has them.", "link": "https://shop.example/orders"},
    ]
    Capability.objects.create(name="order-tracking", title="Order tracking", service=item.service, modes=modes)
    return flag
