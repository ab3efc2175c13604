"""Subscribing to incidents: asked for, confirmed, told at least once, and gone for good; over a real mail server."""

import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client, override_settings

from alerts.channels.base import Answer
from alerts.channels.webhook import signature, signing_key
from degradation.errors import SubscriptionError
from degradation.models import Capability, Notice, Subscriber
from degradation.services import notices, subscribers
from degradation.services.incidents import open_incident, update_incident
from slo.openslo.connection import Reference
from tests import factories
from tests.dashboards.conftest import stop_clocks
from tests.dashboards.world import person
from tests.factories import NOW
from tests.servers import Receiver
from tests.servers.postbox import Postbox
from tests.servers.process import free_port, until

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"
BACKEND = "django.core.mail.backends.smtp.EmailBackend"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _calm(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    cache.clear()
    stop_clocks(monkeypatch, NOW)
    settings.BASE_URL, settings.STATUS_NAME, settings.EMAIL_HOST = "https://s.example", "The shop", "mail.example"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        host, port = server.server_address[:2]
        with override_settings(EMAIL_BACKEND=BACKEND, EMAIL_HOST=host, EMAIL_PORT=port, EMAIL_USE_TLS=False):
            yield server
        server.shutdown()


def mails(at: datetime = NOW) -> int:
    return notices.send(Subscriber.Kind.EMAIL, at)


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"https://s\.example(/status/subscription/\S+)", mail.get_content())
    assert found
    return found[1]


def reader(address: str = ADA) -> Subscriber:
    return Subscriber.objects.create(
        address=address, key=f"key-of-{address}", created_at=NOW - MINUTE, confirmed_at=NOW - MINUTE
    )


def test_from_asking_to_the_last_mail(client: Client, postbox: Postbox) -> None:
    assert client.post("/status/subscribe/", {"email": " Ada@Example.com "}).status_code == 200
    open_incident("Before", "Nobody has confirmed yet.", impact="minor", at=NOW, by="op")
    assert mails() == 1
    (asked,) = postbox.mails
    assert (asked["To"], asked["Subject"]) == (ADA, "The shop: please confirm your subscription")
    link = link_in(asked)
    # Mail programs look at links: only the button confirms.
    assert "Yes, subscribe" in client.get(link).content.decode()
    assert Subscriber.objects.get().confirmed_at is None
    assert "You will hear" in client.post(link, {"do": "confirm"}).content.decode()
    faq = Capability.objects.create(name="faq", title="Questions", service=factories.service("zz-service"), modes=[])
    made = open_incident("No answers", "We look.", impact="major", at=NOW, by="zz-user", capabilities=[faq.name])
    assert mails() == 1
    told = postbox.mails[1]
    assert told["Subject"] == "The shop: No answers (investigating)"
    assert told["List-Unsubscribe"].strip() == f"<https://s.example{link}>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Concerns: Questions" in told.get_content()
    assert f"https://s.example/status/incidents/{made.key}/" in told.get_content()
    assert "zz-" not in told.as_string()
    update_incident(made.pk, "Over.", state="resolved", at=NOW, by="op")
    # One click in the mail program, without the page: nothing more is sent, not even what was owed already.
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert mails(NOW + MINUTE) == 0
    assert (len(postbox.mails), Subscriber.objects.count(), Notice.objects.count()) == (2, 0, 0)
    assert client.get(link).status_code == 404


def test_whether_an_address_is_subscribed_is_not_to_be_seen(client: Client) -> None:
    reader()
    Subscriber.objects.create(address="bob@example.com", key="bob", created_at=NOW)
    bodies = {
        client.post("/status/subscribe/", {"email": address}).content
        for address in (ADA, "bob@example.com", "new@example.com")
    }
    assert len(bodies) == 1
    assert {row.subscriber.address for row in Notice.objects.all()} == {"bob@example.com", "new@example.com"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@example.com\nBcc: all@example.com",
        "a@example.com\r\nSubject: x",
        "a@example.com, b@example.com",
        "a@example.com\0",
        "Ada <a@example.com>",
        f"{'a' * 250}@example.com",
        "漫@example.com",
    ],
)
def test_what_is_no_single_address_is_refused(client: Client, address: str) -> None:
    assert client.post("/status/subscribe/", {"email": address}).status_code == 422
    assert not Subscriber.objects.exists()


def test_nobody_is_bothered_often_whoever_asks(client: Client) -> None:
    for _ in range(5):
        subscribers.subscribe(ADA, NOW)
    subscribers.subscribe(ADA, NOW + 9 * MINUTE)
    assert Notice.objects.count() == 1
    subscribers.subscribe(ADA, NOW + 11 * MINUTE)
    assert Notice.objects.count() == 2


def test_one_client_asks_only_so_often(client: Client) -> None:
    codes = [client.post("/status/subscribe/", {"email": f"a{n}@example.com"}).status_code for n in range(12)]
    assert codes == [200] * 10 + [429] * 2
    assert client.post("/status/subscribe/", {"email": ADA}, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_all_together_ask_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "MOST_ASKED", 3)
    for number in range(5):
        subscribers.subscribe(f"a{number}@example.com", NOW)
    assert Notice.objects.count() == Subscriber.objects.count() == 3


def test_a_link_is_good_for_a_day_and_then_the_address_is_forgotten(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribers.subscribe(ADA, NOW)
    key = Subscriber.objects.get().key
    stop_clocks(monkeypatch, NOW + timedelta(hours=25))
    assert client.post(f"/status/subscription/{key}/", {"do": "confirm"}).status_code == 404
    subscribers.forget(NOW + timedelta(hours=25))
    assert not Subscriber.objects.exists()


def test_confirming_twice_is_confirming_and_a_guess_is_nothing(client: Client) -> None:
    subscribers.subscribe(ADA, NOW)
    key = Subscriber.objects.get().key
    assert len(key) >= 40
    for _ in range(2):
        assert client.post(f"/status/subscription/{key}/", {"do": "confirm"}).status_code == 200
    assert client.post("/status/subscription/guess/", {"do": "confirm"}).status_code == 404
    assert client.get(f"/status/subscription/{key}/")["Cache-Control"] == "private, no-store"


def test_a_mail_whose_sender_died_is_sent_again_under_the_same_id(postbox: Postbox) -> None:
    reader()
    open_incident("Down", "x", impact="minor", at=NOW, by="op")
    claimed = notices._claim(Subscriber.Kind.EMAIL, NOW)
    assert claimed is not None
    notices._send_mail(claimed, NOW)
    assert mails(NOW + timedelta(seconds=30)) == 0, "another sender has it"
    assert mails(NOW + timedelta(seconds=61)) == 1
    first, second = postbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert mails(NOW + 2 * MINUTE) == 0


def test_a_mail_server_that_is_down_is_tried_again_and_the_order_holds(postbox: Postbox) -> None:
    reader()
    made = open_incident("Down", "x", impact="minor", at=NOW, by="op")
    update_incident(made.pk, "Over.", state="resolved", at=NOW, by="op")
    with override_settings(EMAIL_PORT=free_port()):
        assert mails() == 0
    assert [row.attempts for row in Notice.objects.all()] == [1, 0], "one in trouble is enough to know"
    assert mails(NOW + 10 * MINUTE) == 2
    assert [mail["Subject"].rpartition("(")[2] for mail in postbox.mails] == ["investigating)", "resolved)"]


def test_an_address_that_is_refused_for_good_holds_nobody_up(postbox: Postbox) -> None:
    reader()
    made = open_incident("Down", "x", impact="minor", at=NOW, by="op")
    postbox.refusal = "550 no such user"
    assert mails() == 0
    assert Notice.objects.get().state == Notice.State.DEAD
    postbox.refusal = ""
    update_incident(made.pk, "Over.", state="resolved", at=NOW, by="op")
    assert mails() == 1


def test_a_slow_mail_server_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reader()
    open_incident("Down", "x", impact="minor", at=NOW, by="op")
    let_go = threading.Event()
    monkeypatch.setattr(notices, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(notices, "send", lambda *_: let_go.wait(20))
    began = time.monotonic()
    notices.send_due(NOW)
    notices.send_due(NOW)
    assert time.monotonic() - began < 2
    assert sum(thread.name == "notices-email" for thread in threading.enumerate()) == 1, "and no second one piles up"
    let_go.set()


def test_two_senders_at_once_send_one_mail() -> None:
    reader()
    open_incident("Down", "x", impact="minor", at=NOW, by="op")
    claims = [notices._claim(Subscriber.Kind.EMAIL, NOW) for _ in range(2)]
    assert [claim is not None for claim in claims] == [True, False]


def test_webhooks_of_operators_hear_it_in_the_common_format_and_signed(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.post("/status/manage/webhooks/", {"url": receiver.url}).status_code == 403
    client.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    client.post("/status/manage/webhooks/", {"url": f"{receiver.url}/hook"})
    hook = Subscriber.objects.get()
    assert (hook.kind, hook.added_by) == ("webhook", "operator")
    assert f"{receiver.url}/hook" in client.get("/status/manage/").content.decode()
    monkeypatch.setenv("HOOK_SECRET", hook.signing_secret)
    made = open_incident("Down", "We look.", impact="critical", at=NOW, by="op")
    assert notices.send(Subscriber.Kind.WEBHOOK, NOW) == 1
    (request,) = receiver.wait(1)
    assert hook.signing_secret in client.get("/status/manage/").content.decode()
    key = signing_key(Reference.model_validate({"fromEnv": "HOOK_SECRET"}))
    name = request.headers["webhook-id"]
    signed = signature(key, name, NOW, request.body)
    assert {request.headers[header] for header in signed} == set(signed.values())
    body = json.loads(request.body)
    assert body["page"] == {
        "id": "brownout",
        "status_indicator": "critical",
        "status_description": "Nothing works at the moment",
    }
    assert (body["incident"]["id"], body["incident"]["status"]) == (str(made.key), "investigating")
    client.post(f"/status/manage/webhooks/{hook.pk}/remove/")
    update_incident(made.pk, "Over.", state="resolved", at=NOW, by="op")
    assert notices.send(Subscriber.Kind.WEBHOOK, NOW) == 0


@pytest.mark.parametrize("url", ["", "ftp://a.example", "https://", "javascript:alert(1)", "https://u:p@a.example/x"])
def test_what_is_no_address_for_a_webhook_is_refused(url: str) -> None:
    with pytest.raises(SubscriptionError):
        subscribers.add_webhook(url, at=NOW, by="op")


@pytest.mark.django_db(transaction=True)
def test_a_slow_webhook_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, released = list[str](), threading.Event()

    def post(notice: Notice, at: datetime) -> Answer:
        if "slow" in notice.subscriber.address:
            released.wait(30)
        heard.append(notice.subscriber.address)
        return Answer("accepted", "OK")

    monkeypatch.setitem(notices._SENDERS, Subscriber.Kind.WEBHOOK, post)
    monkeypatch.setattr(notices, "PATIENCE_SECONDS", 0.5)
    for name in ("a-slow", "b", "c"):
        subscribers.add_webhook(f"https://{name}.example/", at=NOW, by="sam")
    open_incident("Slow", "All is slow.", impact="minor", at=NOW, by="sam")
    try:
        notices.send_due(NOW)
        until(lambda: len(heard) == 2, 15, what="the others to be told")
        assert sorted(heard) == ["https://b.example/", "https://c.example/"]
        notices.send_due(NOW + MINUTE / 2)
        assert len(heard) == 2, "the slow one is left to itself"
    finally:
        released.set()
    for thread in list(notices._lanes.values()):
        thread.join(15)
    assert len(heard) == 3


def test_the_same_webhook_is_not_told_twice() -> None:
    subscribers.add_webhook("https://a.example/x", at=NOW, by="op")
    with pytest.raises(SubscriptionError):
        subscribers.add_webhook("https://a.example/x", at=NOW, by="op")


def test_there_is_no_form_where_nobody_can_subscribe(client: Client, settings: LazySettings) -> None:
    assert "Subscribe" in client.get("/status/").content.decode()
    for name, value in (("STATUS_SUBSCRIBE", False), ("EMAIL_HOST", "")):
        with override_settings(**{name: value}):
            assert 'name="email"' not in client.get("/status/").content.decode()
            assert client.post("/status/subscribe/", {"email": ADA}).status_code == 404
