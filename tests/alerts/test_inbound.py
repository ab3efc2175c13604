"""What receivers report back changes the alerts it is about, once, and only on their own word."""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert, Channel, Delivery, Group, Report, Transition
from alerts.rules.reports import incident, is_signed, reported
from tests.alerts.world import channel, fired
from tests.factories import NOW, objective, service

pytestmark = pytest.mark.django_db
SECRET, TOKEN = "wh-s3cret", "am-t0ken"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PD_WEBHOOK", SECRET)
    monkeypatch.setenv("AM_TOKEN", TOKEN)


def pager(name: str = "pager") -> Channel:
    spec = {"routing_key": {"from_env": "PD_KEY"}, "webhook_secret": {"from_env": "PD_WEBHOOK"}}
    return channel(name, kind="pagerduty", spec=spec)


def in_group(of: Channel, *alerts: Alert) -> Group:
    """The group of these alerts, as the channel was told of it."""
    group = Group.objects.filter(channel=of, alerts__in=alerts).first()
    if group is None:
        group = Group.objects.create(channel=of, key="service", opened_at=alerts[0].opened_at)
        group.alerts.add(*alerts)
    return group


def now_fired(name: str = "checkout", **fields: Any) -> Alert:
    """A page that fired five minutes ago by the clock: what arrives over HTTP is judged by it."""
    alert = fired(name, at=NOW + Alert.objects.count() * timedelta(seconds=1), **fields)
    at = datetime.now(UTC) - 5 * MINUTE
    Alert.objects.filter(pk=alert.pk).update(opened_at=at, fired_at=at)
    return Alert.objects.get(pk=alert.pk)


def event(
    group: Group | str, kind: str = "acknowledged", key: str = "e1", *, at: datetime | None = None, **more: Any
) -> bytes:
    """A webhook (v3) as PagerDuty documents it."""
    about = {
        "id": "PGR0VU2",
        "type": "incident",
        "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
        "status": kind,
        "incident_key": group.episode if isinstance(group, Group) else group,
    }
    body = {
        "id": key,
        "event_type": f"incident.{kind}",
        "resource_type": "incident",
        "occurred_at": (at or datetime.now(UTC)).isoformat().replace("+00:00", "Z"),
        "agent": {"id": "PLH1HKV", "summary": "Tenex Engineer", "type": "user_reference"},
        "client": None,
        "data": about,
        **more,
    }
    return json.dumps({"event": body}).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return f"v1={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


def hear(client: Client, body: bytes, signed: str | None = None, name: str = "pager") -> tuple[int, str]:
    """Post a webhook; gives the status and what became of it."""
    answer = client.post(
        f"/api/v1/inbound/pagerduty/{name}",
        body,
        content_type="application/json",
        headers={"X-PagerDuty-Signature": signature(body) if signed is None else signed},
    )
    told = answer.json()
    return answer.status_code, told.get("outcome") or told["detail"]


def notes(alert: Alert) -> list[tuple[str, str, str]]:
    """What was noted on its timeline without a change of state: (kind, cause, via)."""
    found = alert.transitions.exclude(kind=Transition.Kind.STATE)
    return list(found.values_list("kind", "cause", "via"))


def test_an_acknowledgement_in_pagerduty_is_one_here_by_whoever_gave_it(client: Client) -> None:
    team, page = channel("team"), pager()
    alert, other = now_fired(), now_fired("search", service=service("other"))
    group = in_group(page, alert)
    assert hear(client, event(group)) == (200, "acknowledged")
    alert.refresh_from_db()
    assert alert.acknowledged_at is not None
    assert alert.acknowledged_via == "pagerduty:Tenex Engineer"
    assert alert.acknowledgement == "in PagerDuty https://acme.pagerduty.com/incidents/PGR0VU2"
    assert alert.state == "firing"
    other.refresh_from_db()
    assert other.acknowledged_at is None
    assert list(Report.objects.get().alerts.all()) == [alert]
    assert team.name == "team"


def test_the_same_event_again_changes_nothing(client: Client) -> None:
    alert = now_fired()
    group = in_group(pager(), alert)
    body = event(group)
    assert hear(client, body) == (200, "acknowledged")
    assert hear(client, body) == (200, "heard before")
    assert hear(client, event(group, key="e2")) == (200, "nothing changed by it")
    assert len(notes(alert)) == 1


@pytest.mark.parametrize(
    "signed",
    ["", "v1=", "v1=00", "v2=" + "0" * 64, signature(b"another body"), "v1=é", "v1=" + "f" * 64 + ",,"],
    ids=["none", "empty", "short", "another version", "of another body", "no hex", "wrong"],
)
def test_without_the_right_signature_nothing_is_believed_and_nothing_changes(client: Client, signed: str) -> None:
    alert = now_fired()
    group = in_group(pager(), alert)
    assert hear(client, event(group), signed) == (401, "The signature or token is missing or wrong")
    assert notes(alert) == []
    assert not Report.objects.exists()


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    assert is_signed(f"{signature(b'x', 'old')}, {signature(b'x')}", SECRET, b"x")
    assert not is_signed(f"{signature(b'x', 'old')},{signature(b'y')}", SECRET, b"x")


def test_an_acknowledgement_that_ran_out_there_is_taken_back_here_but_not_one_given_here(client: Client) -> None:
    theirs, ours = now_fired("theirs"), now_fired("ours")
    group = in_group(pager(), theirs, ours)
    Alert.objects.filter(pk=ours.pk).update(acknowledged_at=NOW, acknowledgement="on it")
    hear(client, event(group))
    assert hear(client, event(group, "unacknowledged", "e2")) == (200, "acknowledgement taken back")
    theirs.refresh_from_db()
    ours.refresh_from_db()
    assert (theirs.acknowledged_at, theirs.acknowledged_via) == (None, "")
    assert ours.acknowledged_at == NOW
    assert notes(theirs)[-1][1] == "its acknowledgement ran out in PagerDuty"


def test_an_incident_resolved_there_while_it_burns_keeps_firing_and_calls_nobody_again(client: Client) -> None:
    alert, taken = now_fired("alert"), now_fired("taken")
    group = in_group(pager(), alert, taken)
    Alert.objects.filter(pk=taken.pk).update(acknowledged_at=NOW)
    assert hear(client, event(group, "resolved")) == (200, "noted; they end when the measurement says so")
    for item in (alert, taken):
        item.refresh_from_db()
        assert (item.state, item.acknowledged_at is not None) == ("firing", True)
        assert "resolved in PagerDuty while it goes on" in notes(item)[-1][1]


def test_events_that_overtake_each_other_leave_the_last_word(client: Client) -> None:
    alert = now_fired()
    group = in_group(pager(), alert)
    late = datetime.now(UTC) - MINUTE
    hear(client, event(group, "unacknowledged", "e2"))
    outcome = "not acted on: what happened there later came first"
    assert hear(client, event(group, "acknowledged", "e1", at=late)) == (200, outcome)
    alert.refresh_from_db()
    assert alert.acknowledged_at is None


def test_an_acknowledgement_covers_what_its_incident_held_then(client: Client) -> None:
    early, late = now_fired("early"), now_fired("late")
    group = in_group(pager(), early, late)
    Alert.objects.filter(pk=late.pk).update(fired_at=datetime.now(UTC))
    hear(client, event(group, at=datetime.now(UTC) - 3 * MINUTE))
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.acknowledged_at is None, late.acknowledged_at) == (False, None)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"event_type": "pagey.ping", "data": {"message": "Hello", "type": "ping"}}, "nothing to do"),
        ({"event_type": "incident.annotated"}, "nothing to do"),
        ({"occurred_at": "2020-01-01T00:00:00Z"}, "not acted on: it is of 2020-01-01 00:00 UTC"),
        ({"occurred_at": "2120-01-01T00:00:00Z"}, "not acted on: it is of 2120-01-01 00:00 UTC"),
        ({"data": {"incident_key": "pager:999999-1"}}, "not acted on: its incident is none of this channel's"),
        ({"data": {"incident_key": "9" * 400}}, "not acted on: its incident is none of this channel's"),
        ({"data": None}, "not acted on: its incident is none of this channel's"),
        ({"agent": None, "client": None}, "acknowledged"),
        ({"news": "of a later version"}, "acknowledged"),
    ],
)
def test_what_concerns_no_alert_is_accepted_and_changes_nothing(
    client: Client, change: dict[str, Any], outcome: str
) -> None:
    alert = now_fired()
    group = in_group(pager(), alert)
    assert hear(client, event(group, **change)) == (200, outcome)
    assert bool(notes(alert)) == (outcome == "acknowledged")


def test_the_incident_of_another_channel_is_not_touched(client: Client) -> None:
    alert = now_fired()
    group = in_group(pager("other"), alert)
    pager()
    assert hear(client, event(group))[1] == "not acted on: its incident is none of this channel's"
    assert notes(alert) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"event": []}', b'{"event": {"id": 7}}', b"[" * 50_000])
def test_what_cannot_be_read_is_refused(client: Client, body: bytes) -> None:
    pager()
    status, detail = hear(client, body)
    assert (status, detail.startswith("This is no webhook of PagerDuty's: ")) == (422, True)


def test_a_channel_that_takes_no_reports_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    channel("plain", kind="pagerduty", spec={"routing_key": {"from_env": "PD_KEY"}})
    channel("mails", kind="email", spec={"to": ["a@example.com"]})
    pager()
    assert hear(client, b"{}", name="plain") == (401, "The channel plain takes no reports: give it a webhookSecret")
    assert hear(client, b"{}", name="mails")[0] == 404
    assert hear(client, b"{}", name="nobody")[0] == 404
    monkeypatch.delenv("PD_WEBHOOK")
    assert hear(client, b"{}")[0] == 503, "it is tried again once the secret is there"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_two_deliveries_of_one_event_at_once_count_once(in_threads: Callable[..., list[Any]]) -> None:
    alert = now_fired()
    body = event(in_group(pager(), alert))
    heard = in_threads(2, lambda: hear(Client(), body))
    assert sorted(heard) == [(200, "acknowledged"), (200, "heard before")]
    assert len(notes(alert)) == 1


def alertmanager() -> Channel:
    return channel("am", kind="alertmanager", spec={"url": "http://am:9093", "inbound_token": {"from_env": "AM_TOKEN"}})


def webhook(*alerts: dict[str, Any]) -> bytes:
    """Alertmanager's webhook, with a key nobody knows yet."""
    return json.dumps({"version": "4", "groupKey": "{}", "status": "firing", "alerts": alerts, "new": 1}).encode()


def item(status: str = "firing", since: datetime | None = None, **labels: str) -> dict[str, Any]:
    at = (since or datetime.now(UTC) - MINUTE).isoformat()
    annotations = {"summary": "disk is full"}
    url = "https://prometheus.example/graph"
    return {"status": status, "labels": labels, "annotations": annotations, "startsAt": at, "generatorURL": url}


def post(client: Client, body: bytes, token: str = TOKEN) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post("/api/v1/inbound/alertmanager/am", body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json().get("outcome", "")


def test_alerts_of_alertmanager_that_name_the_service_or_objective_are_noted_once(client: Client) -> None:
    alertmanager()
    shop, other = now_fired(service=service("shop")), now_fired("search", service=service("other"))
    disk = item(alertname="DiskFull", service="shop", instance="a")
    body = webhook(disk, item(alertname="X"), item(alertname="Y", objective="search"))
    assert post(client, body) == (200, "2 noted")
    assert post(client, body) == (200, "0 noted")
    assert notes(shop) == [
        (
            "delivery",
            "DiskFull fires in Alertmanager: disk is full https://prometheus.example/graph",
            "alertmanager:am",
        )
    ]
    assert [cause.split(" in ")[0] for _, cause, _ in notes(other)] == ["Y fires"]
    assert post(client, webhook({**disk, "status": "resolved"})) == (200, "1 noted")
    assert shop.state == Alert.objects.get(pk=shop.pk).state == "firing"


def test_our_own_alert_is_no_news_but_its_end_there_is_while_it_goes_on(client: Client) -> None:
    alertmanager()
    alert = now_fired()
    assert post(client, webhook(item("firing", alert.fired_at, **alert.labels()))) == (200, "0 noted")
    assert post(client, webhook(item("resolved", alert.fired_at, **alert.labels()))) == (200, "1 noted")
    assert notes(alert) == [("delivery", "Alertmanager took it as over while it goes on", "alertmanager:am")]
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_at) == ("firing", None)


def test_a_storm_there_does_not_bury_a_timeline_here(client: Client) -> None:
    alertmanager()
    alert = now_fired(service=service("shop"))
    body = webhook(*(item(alertname="DiskFull", service="shop", instance=str(n)) for n in range(200)))
    assert post(client, body) == (200, "20 noted")
    assert len(notes(alert)) == 20


@pytest.mark.parametrize("token", ["", "wrong", "é"])
def test_alertmanager_needs_its_token(client: Client, token: str) -> None:
    alertmanager()
    alert = now_fired(service=service("shop"))
    assert post(client, webhook(item(alertname="DiskFull", service="shop")), token)[0] == 401
    assert notes(alert) == []


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"alerts": {}}', b'{"alerts": [{"status": "hot"}]}', b'{"alerts": [{"status": "firing"}]}']
)
def test_what_alertmanager_cannot_have_sent_is_refused(client: Client, body: bytes) -> None:
    alertmanager()
    objective()
    assert post(client, body)[0] == 422


def test_hostile_words_are_kept_short_and_links_are_links() -> None:
    body = event("k", agent={"summary": "x\n" * 500}, id="i" * 900)
    found = incident(body)
    assert (len(found.by), len(found.key)) == (100, 64)
    (heard,) = reported(
        webhook({**item(alertname="a"), "generatorURL": "javascript:alert(1)", "fingerprint": "f" * 99})
    )
    assert (heard.page_url, len(heard.fingerprint)) == ("", 64)


def test_nothing_is_owed_to_the_one_who_said_it_but_to_the_others(client: Client) -> None:
    team, page = channel("team"), pager()
    alert = now_fired()
    Delivery.objects.update(state="sent", sends=1)
    hear(client, event(in_group(page, alert)))
    owed = Delivery.objects.filter(transitions__kind=Transition.Kind.ACKNOWLEDGEMENT)
    assert list(owed.values_list("channel", flat=True)) == [team.pk]
