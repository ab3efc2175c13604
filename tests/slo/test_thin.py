"""Thinning deletes rows and changes no number."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo import selectors_ledger
from slo.maths.windows import to_epoch
from slo.models import Measurement, Objective, Watermark
from slo.services.thin import DAY, HOUR, step, thin
from tests import factories
from tests.factories import NOW

END = to_epoch(NOW)

pytestmark = pytest.mark.django_db


def ages(item: Objective) -> list[int]:
    return [END - at for at, *_ in factories.sums(item)]


def ledger_of(instants: list[int]) -> Objective:
    """A ledger with rows at these ages in seconds, whose sums tell the row."""
    item = factories.objective()
    moments = sorted(END - age for age in instants)
    Measurement.objects.bulk_create(
        Measurement(objective=item, at=at, good=n, total=2 * n, observed=3 * n) for n, at in enumerate(moments)
    )
    Watermark.objects.create(objective=item, started=moments[0], at=moments[-1])
    return item


@pytest.mark.parametrize(
    ("age", "kept"),
    [(0, 1), (6 * HOUR - 1, 1), (6 * HOUR, 60), (3 * DAY, 300), (35 * DAY, HOUR), (396 * DAY, 0)],
)
def test_rows_get_sparser_with_age(age: int, kept: int) -> None:
    assert step(age) == kept


def test_rows_younger_than_six_hours_stay() -> None:
    item = ledger_of(list(range(0, 6 * HOUR, 30)))
    assert thin(NOW) == 0
    assert len(ages(item)) == 720


def test_older_rows_stay_at_the_minute() -> None:
    item = ledger_of(list(range(0, 8 * HOUR + 1, 30)))
    thin(NOW + timedelta(seconds=1))
    assert [age for age in ages(item) if age >= 6 * HOUR] == list(range(8 * HOUR, 6 * HOUR - 1, -60))


def test_the_oldest_rows_go() -> None:
    item = ledger_of([400 * DAY, 399 * DAY, 100 * DAY, 0])
    thin(NOW)
    assert ages(item) == [100 * DAY, 0]


def test_the_first_and_the_last_row_stay_although_they_lie_between_the_steps() -> None:
    item = ledger_of([40 * DAY + 7, 40 * DAY + 6, 40 * DAY + 5])
    thin(NOW)
    assert ages(item) == [40 * DAY + 7, 40 * DAY + 5]


def test_a_ledger_that_is_too_old_altogether_keeps_its_last_row() -> None:
    item = ledger_of([500 * DAY, 450 * DAY])
    thin(NOW)
    assert ages(item) == [450 * DAY]


def test_thinning_again_looks_only_at_what_has_come_of_age() -> None:
    item = ledger_of(list(range(0, 8 * HOUR + 1, 30)))
    thin(NOW)
    deleted = thin(NOW + timedelta(hours=1))
    assert deleted == 60
    assert thin(NOW + timedelta(hours=1)) == 0
    assert len([age for age in ages(item) if age >= 5 * HOUR]) == 3 * 60 + 1


def test_many_ledgers_are_thinned_each_by_itself() -> None:
    items = [ledger_of([7 * HOUR + 90, 7 * HOUR + 60, 7 * HOUR + 30, 0]) for _ in range(60)]
    assert thin(NOW) == 60
    assert all(ages(item) == [7 * HOUR + 90, 7 * HOUR + 60, 0] for item in items)


def test_nothing_measured_yet_is_nothing_to_thin() -> None:
    assert thin(NOW) == 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 13_000).map(lambda n: n * 30), min_size=2, max_size=60, unique=True), st.integers(0, 3))
def test_every_window_between_rows_that_remain_reads_as_before(instants: list[int], days: int) -> None:
    item = ledger_of(instants)
    before = {at: sums for at, *sums in factories.sums(item)}
    thin(NOW + timedelta(days=days))
    after = {at: sums for at, *sums in factories.sums(item)}
    assert after.items() <= before.items()
    assert {max(before), min(before)} <= after.keys()
    low, high = min(after), max(after)
    history = selectors_ledger.History(item, low, high)
    assert history.window(low, high).sums.total == before[high][1] - before[low][1]
    Objective.objects.all().delete()
