"""Whoever is told of an alert reads what is dimmed meanwhile."""

import pytest

from alerts.channels import fake
from alerts.models import Alert, Transition
from alerts.services import remedies
from alerts.services.deliver import deliver
from alerts.services.tell import announce
from degradation.models import Flag
from tests.alerts.world import channel, fired, tell
from tests.degradation import rows
from tests.degradation.test_shed import play
from tests.degradation.test_steps import burning
from tests.factories import NOW, objective, service

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


@pytest.mark.parametrize(("then", "word"), [(0.0, "(helped: burn"), (100.0, "(did not help: burn")])
def test_whoever_was_told_hears_whether_the_step_helped_and_is_not_paged_again(then: float, word: str) -> None:
    shop = service("shop")
    rows.policy(shop, effect_least=0.2)
    rows.flag("nudges", service=shop)
    channel()
    burning(shop, 120, then=then)
    alert = Alert.objects.get()
    announce([Transition.objects.create(alert=alert, at=NOW, before="pending", after="firing", cause="burns")], NOW)
    first = tell(rows.later(30))
    assert [bundle.event for bundle in first] == ["firing"]
    (second,) = tell(play(NOW, 480))
    assert second.event == "update"
    assert word in second.text
    effect = Transition.objects.get(kind="effect")
    assert effect.cause.startswith("shedding tier 4 (nudges) ")
    assert (effect.alert, effect.before, effect.after) == (alert, "firing", "firing")


def test_an_effect_is_not_told_of_an_alert_that_is_over_or_kept_quiet() -> None:
    shop = service("shop")
    over, quiet = (rows.page(objective(name, service=shop)) for name in ("checkout", "search"))
    Alert.objects.filter(pk=over.pk).update(state="resolved", ended_at=NOW)
    Alert.objects.filter(pk=quiet.pk).update(inhibited_by=over)
    for pk in (over.pk, quiet.pk, None):
        remedies.tell_effect(pk, "it helped", NOW)
    assert not Transition.objects.filter(kind="effect").exists()
