"""The ledger takes every reading once, whole and in order."""

import math
from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.maths.ledger import Sums
from slo.models import Measurement, Objective, Watermark
from slo.services.record import Entry, append, begin, revision
from slo.sources.base import Reading, Sample
from tests import factories
from tests.slo.parallel import at_once

START = 1_700_000_040


def sample(tick: int, total: float, good: float | None = None, observed: float = 30) -> Sample:
    return Sample(START + 30 * tick, total if good is None else good, total, observed)


def begun(count: int = 1) -> list[Objective]:
    source, service = factories.source(), factories.service()
    items = [factories.objective(source=source, service=service) for _ in range(count)]
    begin([item.pk for item in items], START)
    return items


def entry(item: Objective, *samples: Sample, base: int = START, problem: str = "", **cursor: int) -> Entry:
    mark = Watermark.objects.get(pk=item.pk)
    return Entry(mark, base, Reading(item.pk, samples, cursor, problem))


def rows(item: Objective) -> list[tuple[int, float, float, float]]:
    return [((at - START) // 30, good, total, observed) for at, good, total, observed in factories.sums(item)]


@pytest.mark.django_db
def test_a_ledger_begins_with_a_row_of_nothing() -> None:
    item = begun()[0]
    assert rows(item) == [(0, 0, 0, 0)]
    assert Watermark.objects.get(pk=item.pk).at == START


@pytest.mark.django_db
def test_beginning_twice_changes_nothing() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 10))])
    begin([item.pk], START + 300)
    assert rows(item) == [(0, 0, 0, 0), (1, 10, 10, 30)]


@pytest.mark.django_db
def test_rows_are_running_sums() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 10, 9), sample(2, 0, observed=0), sample(3, 5), until=3)])
    assert rows(item) == [(0, 0, 0, 0), (1, 9, 10, 30), (2, 9, 10, 30), (3, 14, 15, 60)]
    mark = Watermark.objects.get(pk=item.pk)
    assert (mark.at, mark.version, mark.cursor) == (START + 90, 1, {"until": 3})


@pytest.mark.django_db
def test_a_reading_asked_from_an_old_watermark_is_dropped_whole() -> None:
    item = begun()[0]
    late = entry(item, sample(1, 10), until=1)
    assert len(append([entry(item, sample(1, 10), sample(2, 10), until=2)])) == 1
    assert append([late]) == []
    assert rows(item)[-1] == (2, 20, 20, 60)
    assert Watermark.objects.get(pk=item.pk).cursor == {"until": 2}


@pytest.mark.django_db
def test_late_samples_revise_the_tail_and_all_rows_after() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 10), sample(2, 10), sample(3, 10))])
    append([entry(item, sample(2, 14), sample(3, 6), sample(4, 10), base=START + 30)])
    assert [row[2] for row in rows(item)] == [0, 10, 24, 30, 40]


@pytest.mark.django_db
def test_a_source_that_lost_data_takes_nothing_off_the_ledger() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 10), sample(2, 10))])
    append([entry(item, sample(1, 0, observed=0), sample(2, 0, observed=0), sample(3, 3))])
    assert [row[2] for row in rows(item)] == [0, 10, 20, 23]


@pytest.mark.django_db
def test_where_the_row_before_the_tail_is_gone_the_tail_stays() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 10), sample(2, 10))])
    Measurement.objects.filter(objective=item, at=START + 30).delete()
    append([entry(item, sample(2, 99), sample(3, 5), base=START + 30)])
    assert [row[2] for row in rows(item)] == [0, 20, 25]


@pytest.mark.django_db
def test_after_a_change_of_the_tick_the_tail_gets_the_new_instants() -> None:
    item = begun()[0]
    append([entry(item, *(Sample(START + 20 * n, 2, 2, 20) for n in (1, 2, 3, 4)))])
    append([entry(item, *(Sample(START + 30 * n, 3, 3, 30) for n in (1, 2, 3)))])
    assert rows(item) == [(0, 0, 0, 0), (1, 3, 3, 30), (2, 6, 6, 60), (3, 9, 9, 90)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [
        Sample(START + 30, math.nan, 10, 30),
        Sample(START + 30, 1, math.inf, 30),
        Sample(START + 30, 1, 10, math.nan),
        Sample(START + 30, 1, -1, 30),
        Sample(START + 30, -100, 10, 30),
        Sample(START + 30, 1, 1, -30),
        Sample(START + 30, 7, 7, 0),
    ],
)
def test_what_is_no_number_of_events_counts_as_not_observed(bad: Sample) -> None:
    item = begun()[0]
    append([entry(item, bad, sample(2, 10))])
    assert rows(item) == [(0, 0, 0, 0), (1, 0, 0, 0), (2, 10, 10, 30)]


@pytest.mark.django_db
def test_a_bad_event_that_is_read_before_its_total_is_not_lost() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 1, 1), sample(2, 0, -1))])
    assert rows(item)[-1] == (2, 0, 1, 60)


@pytest.mark.django_db
def test_a_problem_is_kept_until_the_next_reading_without_one() -> None:
    item = begun()[0]
    append([entry(item, sample(1, 1), until=1)])
    append([entry(item, problem="broken")])
    mark = Watermark.objects.get(pk=item.pk)
    assert (mark.problem, mark.at, mark.version, mark.cursor) == ("broken", START + 30, 1, {"until": 1})
    append([entry(item, sample(2, 1), base=START + 30)])
    assert Watermark.objects.get(pk=item.pk).problem == ""


@pytest.mark.django_db
def test_a_reading_that_cannot_be_stored_does_not_keep_the_others_from_it() -> None:
    items = begun(5)
    entries = [entry(item, sample(1, 1)) for item in items]
    unstorable = Reading(items[2].pk, (sample(1, 1),), {"x": object()})
    entries[2] = Entry(entries[2].mark, START, unstorable)
    append(entries)
    assert [len(rows(item)) for item in items] == [2, 2, 1, 2, 2]


@pytest.mark.django_db
def test_a_deleted_objective_does_not_keep_the_others_from_being_stored() -> None:
    items = begun(3)
    entries = [entry(item, sample(1, 1)) for item in items]
    items[1].delete()
    assert len(append(entries)) == 2


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_objectives() -> None:
    def queries(count: int) -> int:
        entries = [entry(item, sample(1, 1), sample(2, 1)) for item in begun(count)]
        with CaptureQueriesContext(connection) as captured:
            append(entries)
        return len(captured)

    assert queries(40) == queries(2)


def test_of_many_workers_with_the_same_reading_one_wins(shared_database: None) -> None:
    items = begun(20)
    entries = [entry(item, sample(1, 10), sample(2, 7, 5)) for item in items]
    won: list[int] = []
    at_once(6, lambda _: won.append(len(append(entries))))
    assert sorted(won) == [0, 0, 0, 0, 0, 20]
    assert all(rows(item) == [(0, 0, 0, 0), (1, 10, 10, 30), (2, 15, 17, 60)] for item in items)


def test_workers_that_go_on_from_what_they_see_count_every_event_once(shared_database: None) -> None:
    item = begun()[0]

    def work(_: int) -> None:
        for _ in range(15):
            seen = entry(item)
            tick = (seen.mark.at - START) // 30 + 1
            append([Entry(seen.mark, seen.mark.at, Reading(item.pk, (sample(tick, 1),)))])

    at_once(4, work)
    last = rows(item)[-1]
    assert last[0] == last[2] == Watermark.objects.get(pk=item.pk).version >= 15


def test_of_many_workers_that_begin_a_ledger_one_wins(shared_database: None) -> None:
    item = factories.objective()
    at_once(4, lambda number: begin([item.pk], START + 30 * number))
    assert len(rows(item)) == 1
    assert rows(item)[0][0] * 30 + START == Watermark.objects.get(pk=item.pk).started


totals = st.lists(st.integers(0, 50), min_size=1, max_size=12)


@given(totals, st.data())
def test_a_revision_ends_in_the_sums_of_what_the_source_says_now(first: Sequence[int], data: st.DataObject) -> None:
    mark = START + 30 * len(first)
    rows = {START: Sums()}
    for n, events in enumerate(first, 1):
        rows[START + 30 * n] = rows[START + 30 * (n - 1)] + Sums(events, events, 30)
    again = data.draw(st.lists(st.integers(0, 50), min_size=len(first) + 1, max_size=len(first) + 5))
    base = data.draw(st.integers(0, len(first)))
    samples = [sample(n, events) for n, events in enumerate(again, 1) if n > base]
    kept = {at: sums for at, sums in rows.items() if at >= START + 30 * base}
    change = revision(mark, START + 30 * base, kept, samples)
    assert change.end == START + 30 * len(again)
    assert change.gone == ()
    after = kept | {row.at: row.sums for row in change.rows}
    assert after[change.end].total == sum(first[:base]) + sum(again[base:])


@given(totals, st.lists(st.integers(-20, 20), max_size=15))
@settings(max_examples=50)
def test_a_ledger_never_ends_earlier(first: Sequence[int], ticks: Sequence[int]) -> None:
    mark = START + 30 * len(first)
    rows = {START + 30 * n: Sums(n, n, 30 * n) for n in range(len(first) + 1)}
    change = revision(mark, START, rows, [sample(n, 1) for n in ticks])
    assert change.end >= mark
    assert not change.rows or change.rows[-1].at == change.end
