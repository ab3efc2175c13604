"""Collecting: every event once, whatever fails on the way."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from slo.maths.windows import from_epoch, to_epoch
from slo.models import Measurement, Objective, SourceState, Watermark
from slo.services.collect import TICKS, collect
from slo.sources import registry
from slo.sources.base import Query, Reading
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.factories import NOW

START = to_epoch(NOW)
TICK = 30

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = TICK


@pytest.fixture
def fake() -> Iterator[Fake]:
    with standing_in("prometheus") as made:
        yield made


def objective(counter: str = "hits", **fields: Any) -> Objective:
    return factories.objective(sli={"bad": f"{counter}_bad", "total": counter, "counter": True}, **fields)


def at(tick: float) -> int:
    return START + int(tick * TICK)


def tick(*numbers: float) -> None:
    for number in numbers:
        collect(from_epoch(at(number)))


def totals(item: Objective) -> dict[int, float]:
    return {(instant - START) // TICK: total for instant, _, total, _ in factories.sums(item)}


def end(item: Objective) -> tuple[float, float]:
    """Good and total of everything in the ledger."""
    *_, last = factories.sums(item)
    return last[1], last[2]


def problem(item: Objective) -> str:
    return Watermark.objects.get(pk=item.pk).problem


def test_counting_begins_at_the_first_tick(fake: Fake) -> None:
    item = objective()
    fake.count("hits", at(-1), 1000)
    fake.count("hits", at(0.5), 10, bad=1)
    tick(0.1, 1.2)
    assert list(factories.sums(item)) == [(at(0), 0, 0, 0), (at(1), 9, 10, 30)]


def test_the_same_tick_twice_counts_once(fake: Fake) -> None:
    item = objective()
    fake.count("hits", at(1), 10)
    tick(0, 1, 1, 1.5)
    assert totals(item) == {0: 0, 1: 10}


def test_a_clock_that_goes_back_does_nothing(fake: Fake) -> None:
    item = objective()
    fake.count("hits", at(1), 10)
    tick(0, 1)
    before = list(Watermark.objects.values()), list(SourceState.objects.values())
    tick(-1000)
    assert (list(Watermark.objects.values()), list(SourceState.objects.values())) == before
    tick(2)
    assert totals(item) == {0: 0, 1: 10, 2: 10}


def test_missed_ticks_are_filled_from_the_watermark(fake: Fake) -> None:
    item = objective()
    for n in range(1, 11):
        fake.count("hits", at(n), n)
    tick(0, 10)
    assert totals(item) == {n: n * (n + 1) / 2 for n in range(11)}


def test_an_outage_is_told_and_made_up_for(fake: Fake) -> None:
    item = objective()
    for n in range(1, 9):
        fake.count("hits", at(n), 1)
    fake.outage(at(1), at(6))
    tick(0, 1, 2, 6)
    state = SourceState.objects.get(source=item.source)
    assert state.problem == "the fake source is out of order"
    assert (state.asked_at, state.answered_at) == (from_epoch(at(6)), from_epoch(at(1)))
    assert totals(item) == {0: 0, 1: 1}
    tick(8)
    assert totals(item) == {n: n for n in range(9)}
    assert SourceState.objects.get(source=item.source).problem == ""


def test_after_a_long_outage_progress_is_kept_from_span_to_span(fake: Fake) -> None:
    item = objective()
    last = 2 * TICKS + 50
    for n in range(1, last + 1):
        fake.count("hits", at(n), 1)
    tick(0)
    fake.outage(at(2 * TICKS), at(last))
    tick(last)
    assert end(item) == (2 * TICKS, 2 * TICKS)
    assert SourceState.objects.get(source=item.source).problem
    tick(last + 1)
    assert totals(item)[last] == last


def test_late_samples_are_counted_when_they_come(fake: Fake) -> None:
    item = objective()
    fake.count("hits", at(1), 10, visible=at(3))
    fake.count("hits", at(3), 1)
    tick(0, 1, 2)
    assert totals(item) == {0: 0, 1: 0, 2: 0}
    tick(3)
    assert totals(item) == {0: 0, 1: 10, 2: 10, 3: 11}


def test_what_is_not_observed_is_neither_good_nor_bad(fake: Fake) -> None:
    item = objective()
    fake.count("hits", at(1), 10)
    fake.silence(at(1), at(2))
    tick(0, 1, 2, 3)
    assert [row[3] for row in factories.sums(item)] == [0, 30, 30, 60]


def test_a_broken_objective_is_told_and_the_others_go_on(fake: Fake) -> None:
    source = factories.source()
    broken, fine = objective("broken", source=source), objective("fine", source=source)
    fake.broken["broken"] = "no such thing"
    fake.count("fine", at(1), 3)
    fake.count("broken", at(1), 5)
    tick(0)
    assert problem(broken) == "no such thing"
    tick(1)
    assert end(fine) == (3, 3)
    assert problem(fine) == ""
    fake.broken.clear()
    tick(2)
    assert problem(broken) == ""
    assert end(broken) == (5, 5)


def test_an_objective_without_queries_is_told(fake: Fake) -> None:
    item = factories.objective(sli={"good": "hits"})
    fine = objective(source=item.source)
    tick(0, 1)
    assert problem(item) == "its SLI needs a total query and either a good or a bad one"
    assert Watermark.objects.get(pk=fine.pk).at == at(1)


def test_a_failed_source_does_not_hold_up_another(fake: Fake) -> None:
    first, second = objective(), objective(source=factories.source(kind="scrape"))
    with standing_in("scrape") as other:
        other.outage(at(0), at(9))
        fake.count("hits", at(1), 1)
        tick(0, 1)
    assert end(first) == (1, 1)
    assert SourceState.objects.get(source=second.source).problem


def test_a_source_that_cannot_be_built_is_told_and_the_others_go_on(fake: Fake) -> None:
    first = objective()
    wrong = objective(source=factories.source(kind="scrape", spec={"targts": []}))
    unknown = objective(source=factories.source(kind="tea leaves"))
    fake.count("hits", at(1), 1)
    tick(0, 1)
    assert end(first) == (1, 1)
    assert "targts" in SourceState.objects.get(source=wrong.source).problem
    assert "tea leaves" in SourceState.objects.get(source=unknown.source).problem


class Stumbling(Fake):
    """Raises when it meets a certain counter, as a mistake in an adapter would."""

    def collect(self, queries: object, start: int, end: int, tick: int) -> list[Reading]:
        assert isinstance(queries, list | tuple)
        if any(query.total == "stone" for query in queries if isinstance(query, Query)):
            raise ZeroDivisionError("over a stone")
        return super().collect(queries, start, end, tick)


def test_an_unexpected_failure_over_one_objective_hides_no_other() -> None:
    fake = Stumbling()
    source = factories.source()
    items = [objective(counter, source=source) for counter in ("a", "stone", "b")]
    for n in (1, 2):
        fake.count("a", at(n), 1)
        fake.count("b", at(n), 2)
    with registry.replaced("prometheus", lambda _: fake):
        tick(0, 1, 2)
    assert [end(item)[1] for item in items] == [2, 0, 4]
    assert problem(items[1]) == "cannot be read: ZeroDivisionError: over a stone"


def test_objectives_at_the_same_watermark_are_asked_together(fake: Fake) -> None:
    source = factories.source()
    for n in range(5):
        objective(f"c{n}", source=source)
    tick(0, 1)
    late = objective("late", source=source)
    tick(2)
    fake.asked.clear()
    tick(20)
    assert [count for _, _, count in fake.asked] == [1, 5] or [count for _, _, count in fake.asked] == [5, 1]
    fake.asked.clear()
    tick(21)
    assert fake.asked == [(at(14), at(21), 6)]
    assert totals(late)[21] == 0


def test_a_source_that_knows_only_the_present_is_asked_for_its_baseline_at_once() -> None:
    with standing_in("scrape", replays=False) as fake:
        item = objective(source=factories.source(kind="scrape"))
        fake.count("hits", at(-1), 1000)
        fake.count("hits", at(1), 5)
        fake.outage(at(1), at(2))
        fake.count("hits", at(2), 7)
        tick(0, 1, 2, 3)
    assert list(factories.sums(item)) == [(at(0), 0, 0, 0), (at(1), 5, 5, 30), (at(3), 12, 12, 60)]


def test_a_tick_can_be_changed_at_any_time(fake: Fake, settings: Settings) -> None:
    item = objective()
    for second in range(1, 600):
        fake.count("hits", START + second, 1)
    for seconds, until in ((30, 120), (20, 260), (12, 372), (60, 420), (1, 450), (30, 540)):
        settings.TICK_SECONDS = seconds
        for moment in range(seconds, until + 1, seconds):
            collect(from_epoch(START + moment))
    first, *_, last = factories.sums(item)
    assert last[2] == last[0] - first[0] == last[3]


moments = st.integers(1, 40)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.tuples(moments, st.integers(1, 9), st.integers(0, 5)), max_size=25),
    ticks=st.lists(moments, min_size=1, max_size=25),
    outages=st.lists(st.tuples(moments, st.integers(1, 15)), max_size=2),
)
def test_whatever_the_order_of_ticks_and_outages_the_ledger_ends_at_the_truth(
    events: list[tuple[int, int, int]], ticks: list[int], outages: list[tuple[int, int]]
) -> None:
    Objective.objects.all().delete()
    with standing_in("prometheus") as fake:
        item = objective()
        for moment, count, delay in events:
            fake.count("hits", at(moment), count, bad=count // 2, visible=at(moment + delay))
        for moment, length in outages:
            fake.outage(at(moment), at(moment + length))
        # Late samples are corrected within the tail, so ticks must not be further apart than it is long.
        tick(0, *ticks)
        seen = Measurement.objects.filter(objective=item).order_by("at")
        sums = list(seen.values_list("total", flat=True))
        assert sums == sorted(sums)
        mark = Watermark.objects.get(pk=item.pk).at
        tick(*range((mark - START) // TICK + 1, 61))
        known = {at(moment): 0 for moment, _, _ in events}
        for moment, count, delay in events:
            if delay <= 5:
                known[at(moment)] += count
        assert end(item)[1] == sum(known.values())


def test_ten_ticks_of_many_objectives_need_few_queries(fake: Fake, django_assert_max_num_queries: object) -> None:
    source, service = factories.source(), factories.service()
    for n in range(30):
        objective(f"c{n}", source=source, service=service)
    tick(0, 1)
    assert callable(django_assert_max_num_queries)
    with django_assert_max_num_queries(12):
        collect(NOW + timedelta(seconds=2 * TICK))
