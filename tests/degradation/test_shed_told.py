"""Whoever is told of an alert reads what is dimmed meanwhile."""

import pytest

from alerts.channels import fake
from alerts.models import Alert
from alerts.services import remedies
from alerts.services.deliver import deliver
from degradation.models import Flag
from tests.alerts.world import channel, fired
from tests.factories import NOW, service

pytestmark = pytest.mark.django_db


def burning_with(key: str) -> Alert:
    """An alert of the shop, with one flag of its shed and one that is not; another service's is no matter."""
    channel()
    shop, other = service("shop"), service("other")
    Flag.objects.create(key=key, service=shop, tier=4, shed_at=NOW)
    Flag.objects.create(key="kept", service=shop, tier=2)
    Flag.objects.create(key="elsewhere", service=other, tier=4, shed_at=NOW)
    return fired(service=shop)


def test_a_message_says_what_is_shed_for_its_service() -> None:
    burning_with("nudges")
    with fake.installed() as receiver:
        deliver(NOW)
    assert receiver.sent[0].first.shed == ("nudges",)
    assert "Shed: nudges" in receiver.sent[0].text


def test_a_message_goes_out_even_if_nobody_can_say_what_is_shed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> dict[int, list[str]]:
        raise RuntimeError("broken")

    monkeypatch.setattr(remedies, "_sources", [broken])
    burning_with("nudges")
    with fake.installed() as receiver:
        assert deliver(NOW) == 1
    assert receiver.sent[0].first.shed == ()
