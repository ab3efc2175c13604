"""What is noted about an objective is on its page: exclusions with a form, annotations, what is held back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dashboards.presenters.bands import bands
from dashboards.presenters.noted import LISTED, noted
from dashboards.presenters.ranges import RANGES
from slo.maths.windows import to_epoch
from slo.models import Exclusion, ExclusionChange, Objective
from slo.services.annotations import annotate
from slo.services.exclusions import exclude
from tests.dashboards.world import World
from tests.factories import NOW, ledger, objective

pytestmark = pytest.mark.django_db

NAME = "orders-availability"
PAGE = f"/objectives/{NAME}/"
FORM = {
    "start": "2026-01-04T02:00",
    "end": "2026-01-04T03:30",
    "time_zone": "Europe/Berlin",
    "repeats": "FREQ=WEEKLY",
    "reason": "backups",
}


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


def exclude_by_form(client: Client, **change: Any) -> str:
    return text(client.post(reverse("exclude", args=[NAME]), {**FORM, **change}, follow=True))


def test_an_operator_excludes_a_span_in_the_time_of_a_zone(operator: Client) -> None:
    assert "Excluded from" in exclude_by_form(operator)
    made = Exclusion.objects.get()
    assert (made.start.isoformat(), made.rule, made.zone) == (
        "2026-01-04T01:00:00+00:00",
        "FREQ=WEEKLY",
        "Europe/Berlin",
    )
    assert (made.end - made.start, made.objective.name if made.objective else None) == (timedelta(minutes=90), NAME)
    assert ExclusionChange.objects.get().actor == made.created_by


def test_it_may_be_of_the_whole_service_and_by_a_rule(operator: Client) -> None:
    exclude_by_form(operator, whole_service="on", rule="FREQ=MONTHLY;BYDAY=1SU")
    made = Exclusion.objects.get()
    assert (made.objective, made.rule) == (None, "FREQ=MONTHLY;BYDAY=1SU")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": " "}, "Say why"),
        ({"start": ""}, "Say from when."),
        ({"start": "soon"}, "From is no date with time."),
        ({"time_zone": "Mars"}, "There is no such time zone"),
        ({"end": "2026-01-04T01:00"}, "end must be after start"),
        ({"rule": "FREQ=SECONDLY"}, "FREQ must be DAILY"),
        ({"repeats": "FREQ=SECONDLY"}, "Nothing was excluded."),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_changes(
    operator: Client, change: dict[str, str], message: str
) -> None:
    assert message in exclude_by_form(operator, **change)
    assert not Exclusion.objects.exists()


def test_a_reader_sees_exclusions_and_no_form(reader: Client) -> None:
    exclude({"objective": NAME, "start": "2026-01-04T02:00:00Z", "duration": "1h", "rule": "FREQ=DAILY",
             "reason": "backups at night"}, NOW)  # fmt: skip
    page = text(reader.get(PAGE))
    assert "backups at night" in page
    assert "FREQ=DAILY (UTC)" in page
    assert 'name="whole_service"' not in page
    assert reader.post(reverse("exclude", args=[NAME]), FORM).status_code == 403


def test_an_operator_lets_it_count_again_with_a_reason(operator: Client) -> None:
    exclude_by_form(operator)
    address = reverse("include", args=[NAME, Exclusion.objects.get().pk])
    assert "It stays excluded." in text(operator.post(address, {"reason": ""}, follow=True))
    assert "It counts again." in text(operator.post(address, {"reason": "moved"}, follow=True))
    assert not Exclusion.objects.exists()
    assert ExclusionChange.objects.first().reason == "moved"  # type: ignore[union-attr]
    assert operator.post(address, {"reason": "again"}).status_code == 404


def test_both_figures_are_shown(reader: Client) -> None:
    exclude({"objective": NAME, "start": (NOW - timedelta(hours=2)).isoformat(), "end": NOW.isoformat(),
             "reason": "known"}, NOW)  # fmt: skip
    page = text(reader.get(PAGE))
    assert "Without the exclusions of this period" in page
    assert 'href="#h-excluded">excluded</a>' in page


def test_annotations_are_listed_and_drawn(reader: Client) -> None:
    at = NOW - timedelta(minutes=30)
    annotate({"kind": "deploy", "at": at.isoformat(), "text": "orders 4.2", "link": "https://ci.test/1"}, NOW)
    page = text(reader.get(PAGE))
    assert '<a href="https://ci.test/1" rel="noopener noreferrer">orders 4.2</a>' in page
    item = Objective.objects.get(name=NAME)
    drawn = [b for b in bands(item, to_epoch(NOW) - RANGES[0].seconds, to_epoch(NOW)) if b.kind == "annotation"]
    assert [(b.start, b.end, b.label) for b in drawn] == [(to_epoch(at), to_epoch(at), "deploy: orders 4.2")]
    assert "token:band-annotation" in text(reader.get(f"{PAGE}figures/?range=1h"))


def test_many_annotations_are_cut_off_and_counted(world: World) -> None:
    item = Objective.objects.get(name=NAME)
    for minute in range(LISTED + 5):
        annotate({"kind": "deploy", "at": (NOW - timedelta(minutes=minute)).isoformat(), "text": "x"}, NOW)
    found = noted(item, NOW)
    assert (len(found.annotations), found.more) == (LISTED, 5)


def test_what_is_held_back_is_said_with_what_is_missing(reader: Client) -> None:
    item = objective("quiet", target=0.999)
    ledger(item, end=NOW, seconds=7_200, total=0.5, bad=lambda left: 0.5 if left < 180 else 0)
    page = text(reader.get("/objectives/quiet/"))
    assert "Held back" in page
    assert "3 bad events of at least 5" in page
    assert "with at least 10 events and 5 bad ones in the long window" in page


def test_a_calendar_period_shows_what_it_comes_to(reader: Client) -> None:
    item = objective("monthly", target=0.99, period={"calendar": "month", "zone": "Europe/Berlin"})
    ledger(item, end=NOW, seconds=3_600, bad=2)
    page = text(reader.get("/objectives/monthly/"))
    assert "of the whole month" in page
    assert "at the pace so far" in page
