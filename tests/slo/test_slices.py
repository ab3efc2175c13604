"""Time slices: judged one by one, counted in the ledger at their ends, whatever the source."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from slo import selectors
from slo.maths.ledger import Sums
from slo.maths.slices import Slices
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Objective, Watermark
from slo.services.backfill import backfill
from slo.services.collect import collect
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.factories import NOW

START, TICK = to_epoch(NOW), 30
TIMESLICES = {"method": "Timeslices", "window": 60, "target": 0.95}
RATIOS = {"method": "RatioTimeslices", "window": 60}


@pytest.mark.parametrize(
    ("within", "judged"),
    [
        (Sums(19, 20, 60), Sums(1, 1, 60)),
        (Sums(18, 20, 60), Sums(0, 1, 60)),
        (Sums(0, 0, 60), Sums(0, 0, 60)),
        (Sums(20, 20, 30), Sums(1, 1, 30)),
        (Sums(0, 20, 29), Sums(0, 0, 0)),
        (Sums(0, 0, 0), Sums(0, 0, 0)),
        (Sums(21, 20, 60), Sums(1, 1, 60)),
    ],
)
def test_a_slice_is_good_when_its_ratio_meets_the_target(within: Sums, judged: Sums) -> None:
    assert Slices("Timeslices", 60, 0.95).judge(within) == judged


def test_a_ratio_slice_is_as_good_as_its_ratio() -> None:
    assert Slices("RatioTimeslices", 60).judge(Sums(15, 20, 60)) == Sums(0.75, 1, 60)


@given(good=st.integers(0, 10**6), total=st.integers(0, 10**6), seconds=st.integers(0, 60), target=st.floats(0.01, 1))
def test_a_slice_never_counts_as_more_than_one(good: int, total: int, seconds: int, target: float) -> None:
    for slices in (Slices("Timeslices", 60, target), Slices("RatioTimeslices", 60)):
        judged = slices.judge(Sums(float(min(good, total)), float(total), float(seconds)))
        assert 0 <= judged.good <= judged.total <= 1
        assert judged.observed in (0, seconds)


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = TICK


@pytest.fixture
def fake() -> Iterator[Fake]:
    with standing_in("prometheus") as made:
        yield made


def objective(cut: dict[str, Any], **fields: Any) -> Objective:
    return factories.objective(sli={"bad": "bad", "total": "hits", "counter": True, "slice": cut}, **fields)


def tick(*seconds: int) -> None:
    for second in seconds:
        collect(from_epoch(START + second))


def rows(item: Objective) -> list[tuple[int, float, float, float]]:
    return [(at - START, good, total, observed) for at, good, total, observed in factories.sums(item)]


@pytest.mark.django_db
def test_slices_are_counted_at_their_ends_alone(fake: Fake) -> None:
    item = objective(TIMESLICES)
    fake.count("hits", START + 10, 100, bad=1)
    fake.count("hits", START + 70, 100, bad=50)
    fake.count("hits", START + 100, 100)
    tick(0, 30, 60, 90, 120, 150)
    assert rows(item) == [(0, 0, 0, 0), (60, 1, 1, 60), (120, 1, 2, 120)]
    assert Watermark.objects.get(objective=item).at == START + 120


@pytest.mark.django_db
def test_the_figure_is_the_average_of_ratio_slices_and_not_of_their_events(fake: Fake) -> None:
    item = objective(RATIOS)
    fake.count("hits", START + 10, 1_000)
    fake.count("hits", START + 70, 10, bad=5)
    tick(0, 60, 120)
    status = selectors.status(item.name, from_epoch(START + 120))
    assert (status.period.good, status.period.total, status.period.ratio) == (1.5, 2, 0.75)
    assert status.as_json()["unit"] == "slices"


@pytest.mark.django_db
def test_an_outage_is_caught_up_slice_by_slice(fake: Fake) -> None:
    item = objective(TIMESLICES)
    for minute in range(240):
        fake.count("hits", START + minute * 60 + 5, 10, bad=minute % 4 == 0)
    tick(0, 60)
    tick(240 * 60 + 30)
    found = rows(item)
    assert [at for at, *_ in found] == list(range(0, 240 * 60 + 1, 60))
    assert found[-1] == (240 * 60, 180, 240, 240 * 60)


@pytest.mark.django_db
def test_late_events_change_the_slice_they_belong_to(fake: Fake) -> None:
    item = objective(TIMESLICES)
    fake.count("hits", START + 10, 100)
    fake.count("hits", START + 20, 100, bad=100, visible=START + 90)
    tick(0, 60)
    assert rows(item)[-1] == (60, 1, 1, 60)
    fake.count("hits", START + 70, 1)
    tick(120)
    assert rows(item) == [(0, 0, 0, 0), (60, 0, 1, 60), (120, 1, 2, 120)]


@pytest.mark.django_db
def test_a_slice_seen_for_less_than_half_is_unobserved(fake: Fake) -> None:
    item = objective({"method": "Timeslices", "window": 120, "target": 0.9})
    fake.count("hits", START + 10, 10, bad=10)
    fake.silence(START + 30, START + 120)
    fake.count("hits", START + 130, 10, bad=10)
    fake.silence(START + 180, START + 240)
    tick(0, 120, 240)
    assert rows(item) == [(0, 0, 0, 0), (120, 0, 0, 0), (240, 0, 1, 60)]


@pytest.mark.django_db
def test_a_source_of_the_present_is_asked_every_tick_and_no_event_is_counted_twice() -> None:
    with standing_in("scrape", replays=False) as fake:
        item = objective(TIMESLICES, source=factories.source(kind="scrape"))
        tick(0)
        fake.count("hits", START + 10, 10)
        tick(30, 30)
        fake.count("hits", START + 40, 10, bad=10)
        tick(60, 60)
        fake.count("hits", START + 70, 10)
        tick(90)
        assert len(fake.asked) == 4
        assert rows(item) == [(0, 0, 0, 0), (60, 0, 1, 60)]
        tick(120)
        assert rows(item)[-1] == (120, 1, 2, 120)


@pytest.mark.django_db
def test_an_open_slice_is_closed_by_what_comes_after_a_gap() -> None:
    with standing_in("scrape", replays=False) as fake:
        item = objective(TIMESLICES, source=factories.source(kind="scrape"))
        tick(0)
        fake.count("hits", START + 10, 10)
        tick(30)
        tick(150)
        tick(180)
        assert rows(item) == [(0, 0, 0, 0), (60, 1, 1, 30), (180, 1, 1, 90)]


@pytest.mark.django_db
def test_history_is_filled_in_by_whole_slices(fake: Fake) -> None:
    item = objective({"method": "Timeslices", "window": 420, "target": 0.9})
    since = NOW - timedelta(hours=2)
    for second in range(0, 7_200, 60):
        fake.count("hits", START - 7_200 + second + 5, 10)
    backfill([item], since, NOW, NOW)
    found = list(factories.sums(item))
    assert all(at % 420 == 0 for at, *_ in found)
    (first, *_, last) = found
    assert (last[2] - first[2], last[0] - first[0]) == (16, 16 * 420)


@pytest.mark.django_db
def test_slices_that_are_not_made_of_ticks_are_told(fake: Fake, settings: Settings) -> None:
    item = objective(TIMESLICES)
    settings.TICK_SECONDS = 45
    tick(0)
    assert "slices of 60 s are not made of whole ticks of 45 s" in Watermark.objects.get(objective=item).problem


@pytest.mark.django_db
@pytest.mark.parametrize("late", [0, 30, 599, 660])
def test_a_slice_longer_than_the_short_window_leaves_the_state_known(fake: Fake, late: int) -> None:
    item = objective({"method": "Timeslices", "window": 600, "target": 0.9})
    for second in range(0, 7_200, 60):
        fake.count("hits", START + second + 5, 10)
    tick(0, 1_200)
    assert selectors.status(item.name, from_epoch(START + 1_200 + late)).state == "healthy"
    assert selectors.status(item.name, from_epoch(START + 1_200 + 3_600)).state == "no data"
