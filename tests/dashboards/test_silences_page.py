"""The list of alerts and silences: found by what the address asks, silenced and ended on the page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert, Silence
from alerts.services import silences
from dashboards.presenters.alert_list import PER_PAGE, Asked
from slo.models import Service
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


def another(world: World, **fields: Any) -> Alert:
    """A firing alert about something else than an objective."""
    about = {"kind": "source", "subject": "prom", "title": "The source prom does not answer", "severity": "ticket"}
    return Alert.objects.create(**{**about, "state": "firing", "opened_at": NOW, "fired_at": NOW, **fields})


def titles(client: Client, query: str) -> list[str]:
    return re.findall(r'href="/alerts/\d+/">([^<]+)</a><span class="sub marks"', text(client.get(f"/alerts/?{query}")))


ORDERS, SOURCE = "Order tracking answers", "The source prom does not answer"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [ORDERS, SOURCE]),
        ("state=firing", [ORDERS, SOURCE]),
        ("state=pending", []),
        ("state=past", ["Long over"]),
        ("severity=page", [ORDERS]),
        ("kind=source&state=firing", [SOURCE]),
        ("service=shop", [ORDERS]),
        ("objective=orders-availability", [ORDERS]),
        ("team=shop+team&state=firing", [ORDERS]),
        ("team=nobody", []),
        ("channel=on-call&state=firing", [ORDERS]),
        ("channel=nowhere", []),
        ("mark=acknowledged&state=firing", [SOURCE]),
        ("mark=unacknowledged&state=firing", [ORDERS]),
        ("mark=silenced", []),
        ("mark=inhibited", []),
        ("q=DOES+answer&state=firing", [SOURCE]),
        ("q=%25", []),
        ("state=past&period=7d", []),
        ("state=past&period=30d", ["Long over"]),
        ("state=nonsense&severity=loud&kind=%00&mark=x&period=-1&page=99999&q=%00", [ORDERS, SOURCE]),
    ],
)
def test_the_address_says_which_alerts_are_listed(reader: Client, world: World, query: str, found: list[str]) -> None:
    another(world, acknowledged_at=NOW)
    Service.objects.update(owner="shop team")
    long_ago = NOW - timedelta(days=20)
    another(world, title="Long over", state="resolved", opened_at=long_ago, ended_at=long_ago + timedelta(hours=1))
    listed = titles(reader, query)
    # Where only what is open is asked for, what is past stands below it.
    assert (listed if "state=" in query and "nonsense" not in query else listed[: len(found)]) == found


def test_the_list_and_the_strip_open_the_runbook_for_their_alert(reader: Client, world: World) -> None:
    page = text(reader.get("/alerts/"))
    assert page.count(f'href="/runbooks/orders/?alert={world.alert.pk}"') == 2
    assert 'href="/runbooks/orders/"' not in page


def test_what_is_kept_quiet_comes_last_and_says_why(reader: Client, world: World) -> None:
    other = another(world, inhibited_by=world.alert)
    asked = {"matchers": ["severity=page"], "start": NOW.isoformat(), "duration": "2h", "reason": "we know"}
    silences.create(asked, NOW, by="a test")
    page = text(reader.get("/alerts/"))
    assert 'silenced</a> until <time datetime="2026-03-02T14:00:00+00:00"' in page
    assert "by a test" in page
    assert "held back by" in page
    assert "<b>Silenced</b> until" in text(reader.get(f"/alerts/{world.alert.pk}/"))
    assert "<b>Held back</b> by" in text(reader.get(f"/alerts/{other.pk}/"))
    for address in ("/", "/silences/"):
        assert "silenced" in text(reader.get(address)).lower()


def storm(world: World, services: int, each: int) -> None:
    """Many tickets of many services, and one page among them."""
    made = Service.objects.bulk_create(Service(name=f"s{n:03}", title=f"Service {n:03}") for n in range(services))
    ticket = {"kind": "source", "state": "firing", "severity": "ticket", "opened_at": NOW, "fired_at": NOW}
    Alert.objects.bulk_create(
        Alert(**ticket, service=service, subject=f"{service.name}-{n}", title=f"{service.name} {n}")
        for service in made
        for n in range(each)
    )
    Alert.objects.filter(subject="s007-29").update(severity="page")


def test_five_hundred_open_alerts_are_read_by_service_the_most_urgent_first(
    reader: Client, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    storm(world, services=16, each=30)
    with django_assert_max_num_queries(24):
        answer = reader.get("/alerts/")
    groups = answer.context["page"].groups
    assert [(group.title, group.said, group.more) for group in groups[:3]] == [
        ("The shop", "1 page", 0),
        ("Service 007", "1 page and 29 tickets", 25),
        ("Service 000", "30 tickets", 25),
    ]
    assert groups[1].rows[0].title == "s007 29"
    page = text(answer)
    assert '<a href="/alerts/?service=s007">25 more of Service 007</a>' in page
    assert "1–50 of 81" in page
    rest = reader.get("/alerts/?page=2").context["page"]
    assert sum(len(group.rows) for group in (*groups, *rest.groups)) == 81
    assert len(titles(reader, "service=s007")) == 30, "one service is listed whole"


def test_past_alerts_are_listed_page_by_page(
    reader: Client, world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    storm(world, services=4, each=30)
    Alert.objects.exclude(pk=world.alert.pk).update(state="resolved", ended_at=NOW)
    with django_assert_max_num_queries(20):
        first = text(reader.get("/alerts/?state=past"))
    assert "1–50 of 120" in first
    assert 'rel="next" href="/alerts/?state=past&amp;page=2"' in first
    assert len(titles(reader, "state=past&page=3")) == 120 - 2 * PER_PAGE


def test_what_is_asked_for_is_said_and_each_of_it_can_be_left_out(reader: Client, world: World) -> None:
    chips = reader.get("/alerts/?service=shop&mark=loud&q=track").context["page"].chips
    assert [(f"{chip.facet}: {chip.title}", chip.href) for chip in chips] == [
        ("Words: track", "?service=shop&mark=loud"),
        ("Service: The shop", "?mark=loud&q=track"),
        ("Taken: nobody has it", "?service=shop&q=track"),
    ]
    another(world)
    assert titles(reader, "service=-") == [SOURCE]


def test_an_address_repeats_what_it_was_read_from() -> None:
    asked = Asked("past", "burn", "page", "shop", "o", "silenced", "a & b=ü", "7d", "us", "pager", 3)
    assert Asked.read(QueryDict(asked.address()[1:]).dict()) == asked
    assert Asked().address() == "?"


class TestSilencing:
    def post(self, client: Client, **fields: str) -> Any:
        wanted = {"matchers": 'objective="orders-availability"', "minutes": "120", "reason": "we know"}
        return client.post("/silences/", {**wanted, **fields})

    def test_an_alert_is_silenced_and_let_go_again(self, operator: Client, world: World) -> None:
        page = text(operator.get(f"/silences/?alert={world.alert.pk}"))
        assert "objective=&quot;orders-availability&quot;, severity=&quot;page&quot;" in page
        assert "Would hold <b>1 open alert</b> now" in page
        answer = self.post(operator)
        made = Silence.objects.get()
        assert answer["Location"] == f"/silences/#silence-{made.pk}"
        assert (made.start, made.end, str(made.created_by)) == (NOW, NOW + timedelta(hours=2), "operator")
        assert Alert.objects.get().silence == made
        assert "Silenced: 1 open alert held now." in text(operator.get("/silences/"))
        operator.post(f"/silences/{made.pk}/end/", {"reason": ""})
        assert Alert.objects.get().silence == made
        operator.post(f"/silences/{made.pk}/end/", {"reason": "fixed"})
        assert Alert.objects.get().silence is None
        page = text(operator.get("/silences/"))
        assert "ended by operator: fixed" in page

    def test_a_later_one_that_comes_back(self, operator: Client, world: World) -> None:
        times = {"start": "2026-03-08T02:00", "end": "2026-03-08T04:00", "time_zone": "Europe/Berlin"}
        self.post(operator, minutes="", rule="FREQ=WEEKLY;BYDAY=SU", **times)
        assert Silence.objects.get().rule == "FREQ=WEEKLY;BYDAY=SU"
        assert "comes back: FREQ=WEEKLY;BYDAY=SU (Europe/Berlin)" in text(operator.get("/silences/"))

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"matchers": ""}, "Say which alerts"),
            ({"matchers": "service="}, "the value of service"),
            ({"matchers": 'service=~".*"'}, "match every alert"),
            ({"reason": " "}, "Say why"),
            ({"minutes": ""}, "Say for how long"),
            ({"time_zone": "Moon/Sea"}, "no such time zone"),
            ({"rule": "FREQ=NaN"}, "FREQ must be"),
            ({"minutes": "", "end": "2026-03-01T00:00"}, "end must be after start"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, operator: Client, world: World, fields: dict[str, str], fault: str
    ) -> None:
        answer = self.post(operator, **fields)
        assert answer.status_code == 422
        assert fault in text(answer)
        assert fields.get("reason", "we know") in text(answer)
        assert not Silence.objects.exists()

    def test_a_look_without_scripts_and_with_them(self, operator: Client, world: World) -> None:
        whole = self.post(operator, preview="1", reason="")
        assert "Would hold <b>1 open alert</b> now" in text(whole)
        assert not Silence.objects.exists()
        live = operator.get("/silences/preview/", {"matchers": "severity=page"})
        assert "Would hold <b>1 open alert</b> now" in text(live)
        assert "match every alert" in text(operator.get("/silences/preview/", {"matchers": 'a=""'}))
        assert "no regular expression" in text(operator.get("/silences/preview/", {"matchers": 'a=~"("'}))

    def test_only_operators(self, reader: Client, world: World) -> None:
        assert self.post(reader).status_code == 403
        assert "Silencing needs the role operator" in text(reader.get("/silences/"))
        assert reader.get("/silences/?alert=4711").status_code == 404
