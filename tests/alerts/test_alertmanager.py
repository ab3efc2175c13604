"""Against a real Alertmanager: from a burning ledger to its list of active alerts, and out of it again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels import registry, webhook
from alerts.channels.alertmanager import LEASE
from alerts.channels.webhook import fingerprint
from alerts.models import Delivery
from alerts.rules.reports import reported
from alerts.services.deliver import deliver
from tests.alerts.test_message import FIRING, told
from tests.alerts.world import channel, fired, resolve
from tests.servers import Alertmanager, Receiver, running
from tests.servers.process import until

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def ends_at(server: Alertmanager) -> datetime:
    (found,) = server.alerts(objective="checkout")
    return datetime.fromisoformat(found["endsAt"])


def test_an_alert_fires_there_is_kept_alive_and_resolves(alertmanager: Alertmanager) -> None:
    channel(kind="alertmanager", spec={"url": alertmanager.url}, severities=["page"])
    # Twenty-five minutes ago, so that the whole episode lies in the past of the server's own clock.
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=25)
    alert = fired(at=start, title="Checkout 漫画")
    now = datetime.now(UTC)
    assert deliver(now) == 1
    (found,) = alertmanager.alerts(alertname="ErrorBudgetBurn", objective="checkout", severity="page")
    assert found["status"]["state"] == "active"
    assert found["fingerprint"] == fingerprint(found["labels"]), "a webhook of ours names it as Alertmanager does"
    assert datetime.fromisoformat(found["startsAt"]) == start
    assert "Checkout 漫画" in found["annotations"]["summary"]
    assert found["generatorURL"].endswith(f"/alerts/{alert.pk}/")
    assert ends_at(alertmanager) - now == pytest.approx(LEASE, abs=timedelta(seconds=5))

    before = ends_at(alertmanager)
    assert deliver(now + timedelta(seconds=30)) == 0
    assert deliver(now + timedelta(seconds=65)) == 1
    assert ends_at(alertmanager) > before

    resolve(alert)
    assert deliver(now + timedelta(seconds=70)) == 1
    until(lambda: not alertmanager.alerts(objective="checkout"), 15, what=lambda: "the alert to be resolved")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_our_webhook_has_the_form_of_a_real_alertmanagers_and_we_read_its_own(receiver: Receiver) -> None:
    fired_at = datetime.now(UTC) - timedelta(minutes=2)
    message = replace(FIRING, since=fired_at)
    with running(lambda: Alertmanager(webhook=receiver.url)) as server:
        adapter = registry.adapter("alertmanager", {"url": server.url})
        assert adapter.send(told(message), datetime.now(UTC)).outcome == "accepted"
        (request, *_) = receiver.wait(1)
        adapter.close()
    theirs, ours = request.json, webhook.payload(told(message))
    own = {"brownout"}
    assert set(ours) - own == set(theirs)
    assert set(ours["alerts"][0]) - own == set(theirs["alerts"][0])
    for name in ("version", "status", "truncatedAlerts", "commonLabels", "commonAnnotations"):
        assert ours[name] == theirs[name], name
    for name in ("status", "labels", "annotations", "generatorURL", "fingerprint", "endsAt"):
        assert ours["alerts"][0][name] == theirs["alerts"][0][name], name
    (heard,) = reported(request.body)
    assert (heard.status, heard.labels, heard.since) == ("firing", message.labels, fired_at)
