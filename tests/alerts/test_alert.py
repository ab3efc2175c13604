"""Alerts about anything: what they say of themselves, and that every page, the API and the metrics can show them."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from alerts.models import Alert, Transition, about
from alerts.services.tell import announce
from slo.models import Component
from tests.alerts.world import channel, owed
from tests.factories import NOW, objective

pytestmark = pytest.mark.django_db


def about_a_source(**fields: object) -> Alert:
    made = {"kind": Alert.Kind.SOURCE, "subject": "prometheus", "title": "prometheus gives no answer"}
    return Alert.objects.create(
        **{**made, "severity": "ticket", "state": "firing", "opened_at": NOW, "fired_at": NOW, **fields}
    )


def test_an_alert_tells_what_it_is_about_as_labels() -> None:
    item = objective("checkout", owner="payments", labels={"region": "eu", "service": "not this"})
    item.component = Component.objects.create(name="till", service=item.service, tier=2)
    item.save()
    made = Alert.objects.create(**about(item), severity="page", state="firing", opened_at=NOW)
    assert made.labels() == {
        "alertname": "ErrorBudgetBurn",
        "kind": "burn",
        "severity": "page",
        "service": item.service.name,
        "team": "payments",
        "objective": "checkout",
        "component": "till",
        "tier": "2",
        "source": item.source.name,
        "region": "eu",
    }
    assert about_a_source().labels() == {
        "alertname": "SourceFailing",
        "kind": "source",
        "severity": "ticket",
        "source": "prometheus",
    }


def test_one_alert_of_a_kind_and_subject_is_open_at_a_severity() -> None:
    about_a_source(state="resolved")
    about_a_source(kind=Alert.Kind.DELIVERY)
    about_a_source()
    with pytest.raises(IntegrityError), transaction.atomic():
        about_a_source(state="pending")


def test_an_alert_without_an_objective_is_shown_and_told_like_any_other(admin_client: Client) -> None:
    channel("desk", severities=["ticket"])
    made = about_a_source(title="<b>Prometheus</b> gives no answer")
    change = Transition.objects.create(alert=made, at=NOW, before="inactive", after="firing", cause="time-out")
    announce([change], NOW)
    assert owed(made) == [("desk", "firing", "due")]
    for page in ("/", "/alerts/", f"/alerts/{made.pk}/"):
        answer = admin_client.get(page)
        assert answer.status_code == 200
        assert "&lt;b&gt;Prometheus&lt;/b&gt; gives no answer" in answer.content.decode()
    got = admin_client.get(f"/api/v1/alerts/{made.pk}").json()
    assert (got["kind"], got["subject"], got["objective"], got["service"]) == ("source", "prometheus", None, None)
    families = text_string_to_metric_families(admin_client.get("/metrics").content.decode())
    [sample] = [s for family in families for s in family.samples if s.name == "ALERTS"]
    assert (sample.labels["alertname"], sample.labels["sloth_slo"]) == ("SourceFailing", "prometheus")
