"""The pages of channels: how they stand, the test button with its answer, and what was never received."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.channels import fake
from alerts.channels.base import Answer
from alerts.models import Channel, ChannelCircuit, ChannelTrial, Delivery, Report
from dashboards.presenters.channels import channel_page, channel_rows
from tests.dashboards.world import FIRED, World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


@pytest.fixture
def on_call(world: World) -> Channel:
    """The channel of the world, of a kind that needs no network; its message was given up."""
    Channel.objects.update(kind="fake", spec={})
    Delivery.objects.update(state="dead", answer="410 Gone: nobody listens")
    return Channel.objects.get()


def test_the_list_says_what_each_hears_and_puts_trouble_first(reader: Client, on_call: Channel) -> None:
    Channel.objects.create(
        name="b-mails", kind="email", severities=["ticket"], match=['team="a"'], after=900, remind=3600, group_by=[]
    )
    Channel.objects.create(name="a-off", kind="slack", severities=["page"], enabled=False)
    ChannelCircuit.objects.create(channel=on_call, opened_at=NOW, resume_at=NOW + timedelta(minutes=5), failures=9)
    rows = channel_rows(NOW)
    assert [(row.name, row.badge.word) for row in rows] == [
        ("on-call", "Left alone"),
        ("b-mails", "Not used yet"),
        ("a-off", "Disabled"),
    ]
    assert rows[1].hears == ("tickets", 'team="a"', "unacknowledged for 15\xa0min", "again every 1\xa0h")
    assert (rows[0].dead, rows[0].waits_until) == (1, NOW + timedelta(minutes=5))
    page = text(reader.get("/channels/"))
    assert "Left alone" in page
    assert "<button" not in page.partition('id="region"')[2], "who only reads has nothing to press"


def test_what_was_accepted_says_how_a_channel_does_where_nothing_else_is_known(reader: Client, world: World) -> None:
    (row,) = channel_rows(NOW)
    assert (row.badge.word, row.answer, row.answered) == ("Working", "202 Accepted", FIRED + timedelta(seconds=2))
    for page in ("/channels/", "/channels/on-call/"):
        assert "Not used yet" not in text(reader.get(page))
        assert "none yet" not in text(reader.get(page))
    Delivery.objects.update(sends=0, state="due", sent_at=None, answer="")
    assert channel_rows(NOW)[0].badge.word == "Not used yet"


def test_the_page_of_a_channel_shows_its_messages_and_never_its_secrets(reader: Client, on_call: Channel) -> None:
    Channel.objects.update(spec={"url": "https://hooks.example/T0KEN"})
    report = Report.objects.create(
        channel=on_call, key="k", event="incident.acknowledged", by="Tenex", at=NOW, said_at=NOW, outcome="acknowledged"
    )
    report.alerts.add(*on_call.groups.get().alerts.all())
    page = text(reader.get("/channels/on-call/"))
    for shown in ("410 Gone: nobody listens", "Order tracking answers", "incident.acknowledged", "Tenex"):
        assert shown in page
    assert "T0KEN" not in page
    assert reader.get("/channels/nobody/").status_code == 404


def test_a_test_shows_its_answer_on_the_page(operator: Client, on_call: Channel) -> None:
    with fake.installed(Answer("refused", "403 Forbidden: <b>no</b>")):
        page = text(operator.post("/channels/on-call/test/", follow=True))
    assert "on-call was tested: refused" in page
    assert "403 Forbidden: &lt;b&gt;no&lt;/b&gt;" in page
    assert ChannelTrial.objects.get().by == "operator"
    with fake.installed():
        again = text(operator.post("/channels/on-call/test/", follow=True))
    assert "just now" in again


def test_what_was_never_received_is_sent_again_one_or_all(operator: Client, on_call: Channel) -> None:
    letter = Delivery.objects.get()
    page = text(operator.post("/channels/on-call/send-again/", {"delivery": letter.pk}, follow=True))
    assert "1 message will be sent again" in page
    assert "is not dead" in text(operator.post("/channels/on-call/send-again/", {"delivery": letter.pk}, follow=True))
    Delivery.objects.update(state="dead")
    operator.post("/channels/on-call/send-again/")
    assert Delivery.objects.get().state == "due"
    assert operator.post("/channels/on-call/send-again/", {"delivery": 999}).status_code == 404


def test_a_channel_is_switched_off_and_on(operator: Client, on_call: Channel) -> None:
    operator.post("/channels/on-call/switch/", {"enabled": "0"})
    assert not Channel.objects.get().enabled
    assert "Enable it" in text(operator.get("/channels/on-call/"))
    operator.post("/channels/on-call/switch/", {"enabled": "1"})
    assert Channel.objects.get().enabled


@pytest.mark.parametrize("act", ["test", "switch", "send-again"])
def test_readers_change_nothing(reader: Client, on_call: Channel, act: str) -> None:
    assert reader.post(f"/channels/on-call/{act}/", {"enabled": "0"}).status_code == 403
    assert reader.get(f"/channels/on-call/{act}/").status_code == 405
    assert Channel.objects.get().enabled
    assert not ChannelTrial.objects.exists()


def test_a_page_of_many_messages_needs_few_queries(
    on_call: Channel, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    group = on_call.groups.get()
    for n in range(50):
        Delivery.objects.create(group=group, channel=on_call, dedup_key=str(n), owed_at=NOW, due_at=NOW)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert len(channel_page("on-call", NOW).letters) == 51


def test_the_timeline_of_an_alert_shows_what_receivers_reported(reader: Client, world: World) -> None:
    for kind, cause in (
        ("acknowledgement", "acknowledged: in PagerDuty"),
        ("acknowledgement", "its acknowledgement ran out in PagerDuty"),
        ("delivery", "DiskFull fires in Alertmanager"),
    ):
        world.alert.transitions.create(
            kind=kind, at=NOW, before="firing", after="firing", cause=cause, via="pager:Tenex"
        )
    page = text(reader.get(f"/alerts/{world.alert.pk}/"))
    titles = [page.count(f'event-title">{title}') for title in ("Acknowledged", "No longer acknowledged", "Reported")]
    assert titles == [1, 1, 1]
