"""Counts that are sent: once each, at their instant, however late and however often they come."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from slo.errors import DefinitionError, RepeatedKeyError
from slo.maths.windows import from_epoch, to_epoch
from slo.models import EventPost, Measurement, Objective, Watermark
from slo.services import events
from slo.services.collect import collect
from slo.services.events import LATEST, Counts, Receipt, receive
from slo.services.thin import thin
from slo.sources.base import Post, Query
from slo.sources.events import Events
from slo.tasks import thin as thin_task
from tests import factories
from tests.factories import NOW
from tests.slo.parallel import at_once

START = to_epoch(NOW)
TICK = 30


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = TICK


def objective(name: str = "orders", heartbeat: int = 60) -> Objective:
    source = factories.source(kind="events")
    return factories.objective(name, source=source, sli={"events": {"heartbeat": heartbeat}})


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def post(
    key: str, good: float, total: float, *, when: float, seconds: float | None = None, name: str = "orders"
) -> Receipt:
    """Send counts at the second `when`, as of the second `seconds` or of their arrival."""
    return receive([Counts(name, key, good, total, None if seconds is None else at(seconds))], at(when))


def tick(*numbers: int) -> None:
    for number in numbers:
        collect(at(number * TICK))


def rows(item: Objective) -> list[tuple[int, float, float, float]]:
    return [(instant - START, good, total, observed) for instant, good, total, observed in factories.sums(item)]


# Placing ---------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def test_what_is_sent_is_counted_at_its_instant() -> None:
    item = objective()
    tick(0)
    post("a", 9, 10, when=20)
    post("b", 5, 5, when=70, seconds=60)
    tick(1, 2, 3)
    assert rows(item) == [(0, 0, 0, 0), (30, 9, 10, 30), (60, 14, 15, 60), (90, 14, 15, 60)]


def test_a_late_post_moves_every_sum_after_it_and_none_before() -> None:
    item = objective()
    tick(0)
    for number in range(1, 241):
        post(f"n{number}", 1, 1, when=number * TICK)
        tick(number)
    before = rows(item)
    assert len(before) == 241
    post("late", 0, 3, when=7_210, seconds=1_000)
    tick(241)
    after = rows(item)
    moved = [tuple(now - then for now, then in zip(*pair, strict=True)) for pair in zip(after, before, strict=False)]
    assert moved == [(0, 0, 0, 0)] * 34 + [(0, 0, 3, 0)] * 207
    assert Watermark.objects.get().at == START + 241 * TICK


def test_a_post_that_is_placed_is_not_counted_again_by_the_next_late_one() -> None:
    item = objective()
    tick(0)
    post("a", 1, 1, when=30)
    tick(1, 2, 3)
    for number in range(4, 100):
        post(f"late{number}", 1, 1, when=number * TICK, seconds=31)
        tick(number)
    assert rows(item)[-1][:3] == (99 * TICK, 97, 97)
    assert EventPost.objects.filter(placed=False).count() <= 1


def test_what_is_sent_while_nobody_collects_is_counted_at_its_instant() -> None:
    item = objective(heartbeat=30)
    tick(0)
    for number in range(1, 400):
        post(f"n{number}", number % 2, 1, when=number * TICK)
    tick(400)
    assert rows(item)[200] == (6_000, 100, 200, 6_000)
    assert rows(item)[-1] == (12_000, 200, 399, 11_970)


def test_a_tick_that_changes_loses_nothing(settings: Settings) -> None:
    item = objective()
    tick(0)
    for number in range(1, 61):
        post(f"n{number}", 1, 1, when=number * 10, seconds=number * 10 - 3)
        settings.TICK_SECONDS = (30, 20, 12, 60, 1)[number // 13]
        collect(at(number * 10))
    settings.TICK_SECONDS = 30
    tick(21)
    assert rows(item)[-1][1:3] == (60, 60)


def test_an_instant_a_moment_ahead_waits_for_its_tick() -> None:
    item = objective()
    tick(0)
    post("a", 1, 1, when=28, seconds=32)
    tick(1)
    assert rows(item)[-1][2] == 0
    tick(2, 3)
    assert rows(item)[-1][2] == 1
    tick(4)
    assert not EventPost.objects.filter(placed=False).exists()


# Completeness ----------------------------------------------------------------------------------------------------


def test_a_post_vouches_for_its_heartbeat_and_nothing_counts_twice() -> None:
    item = objective(heartbeat=90)
    tick(0)
    post("a", 0, 0, when=100)
    post("b", 0, 0, when=110, seconds=80)
    post("c", 0, 0, when=300)
    tick(4, 10, 11)
    assert [(second, observed) for second, _, _, observed in rows(item)] == [
        (0, 0), (30, 30), (60, 60), (90, 90), (120, 100), (150, 100), (180, 100), (210, 100), (240, 130), (270, 160),
        (300, 190), (330, 190),
    ]  # fmt: skip


def test_another_heartbeat_holds_for_the_posts_that_come_from_then_on() -> None:
    item = objective(heartbeat=300)
    tick(0)
    post("a", 1, 1, when=300)
    tick(10)
    assert rows(item)[-1] == (300, 1, 1, 300)
    Objective.objects.update(sli={"events": {"heartbeat": 10}})
    post("late", 1, 1, when=310, seconds=200)
    tick(11)
    assert rows(item)[-1] == (330, 2, 2, 300)


def test_without_posts_there_is_no_data() -> None:
    item = objective()
    tick(0, 1, 2)
    assert rows(item) == [(0, 0, 0, 0), (30, 0, 0, 0), (60, 0, 0, 0)]


posts = st.lists(st.tuples(st.integers(1, 600), st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(posts, st.sampled_from([10, 30, 60]), st.integers(1, 120))
def test_observed_is_the_union_of_what_is_vouched_for(
    sent: list[tuple[int, int, int]], tick: int, heartbeat: int
) -> None:
    made = tuple(
        Post(number, second, heartbeat * (number % 3), good, good + bad)
        for number, (second, good, bad) in enumerate(sent)
    )
    (reading,) = Events().collect([Query(1, posts=made)], 0, 600, tick)
    seconds = {second for post in made for second in range(max(0, post.at - post.vouched), post.at)}
    assert [sample.at for sample in reading.samples] == list(range(tick, 601, tick))
    for sample in reading.samples:
        inside = [post for post in made if sample.at - tick < post.at <= sample.at]
        assert (sample.good, sample.total) == (sum(p.good for p in inside), sum(p.total for p in inside))
        assert sample.observed == len(seconds & set(range(sample.at - tick, sample.at)))


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 400), st.integers(0, 9)), max_size=15),
    st.sets(st.integers(1, 40), max_size=15),
)
def test_whatever_comes_when_the_ledger_ends_at_the_truth(sent: list[tuple[int, int, int]], ticks: set[int]) -> None:
    Objective.objects.all().delete()
    item = objective(heartbeat=30)
    tick(0)
    todo = sorted((second + delay, second, count, f"k{n}") for n, (second, delay, count) in enumerate(sent))
    for number in sorted(ticks | {60}):
        while todo and todo[0][0] <= number * TICK:
            arrival, second, count, key = todo.pop(0)
            post(key, count // 2, count, when=arrival, seconds=second)
        tick(number)
    truth = dict.fromkeys(range(0, 1801, TICK), 0)
    for second, _, count in sent:
        for instant in truth:
            truth[instant] += count if second <= instant else 0
    known = {row[0]: row[2] for row in rows(item)}
    assert known == truth


# Repetitions and refusals ----------------------------------------------------------------------------------------


def test_the_same_post_counts_once() -> None:
    objective()
    tick(0)
    assert post("a", 1, 2, when=5) == Receipt(1, 0)
    assert post("a", 1, 2, when=9) == Receipt(0, 1)
    assert receive([Counts("orders", "b", 1, 1), Counts("orders", "b", 1, 1)], at(10)) == Receipt(1, 1)
    assert EventPost.objects.count() == 2


@pytest.mark.parametrize("other", [(2, 2, None), (1, 3, None), (1, 2, 4)])
def test_a_key_with_other_counts_is_refused_and_nothing_is_accepted(other: tuple[float, float, float | None]) -> None:
    objective()
    tick(0)
    post("a", 1, 2, when=5)
    good, total, seconds = other
    again = Counts("orders", "a", good, total, None if seconds is None else at(seconds))
    with pytest.raises(RepeatedKeyError, match="the key 'a' came before for orders"):
        receive([Counts("orders", "new", 1, 1), again], at(9))
    with pytest.raises(RepeatedKeyError):
        receive([Counts("orders", "x", 1, 1), Counts("orders", "x", 0, 1)], at(9))
    assert EventPost.objects.count() == 1


def test_a_key_belongs_to_its_objective() -> None:
    objective()
    objective("returns")
    assert receive([Counts("orders", "batch-7", 1, 1), Counts("returns", "batch-7", 0, 2)], at(1)) == Receipt(2, 0)


def test_a_repetition_is_known_long_after_it_would_be_too_late() -> None:
    objective()
    tick(0)
    post("a", 1, 1, when=5, seconds=5)
    assert post("a", 1, 1, when=LATEST + 500, seconds=5) == Receipt(0, 1)


@pytest.mark.parametrize(
    ("when", "seconds", "said"),
    [
        (LATEST + 60, 59, "is more than 6h ago, too late"),
        (100, 106, "lies in the future"),
        (100, -1, "lies before 2026-03-02T12:00:00Z, when counting began for this objective"),
        (100, 0, "lies before"),
    ],
)
def test_an_instant_that_cannot_be_placed_is_refused(when: float, seconds: float, said: str) -> None:
    objective()
    tick(0)
    with pytest.raises(DefinitionError, match=said):
        receive([Counts("orders", "fine", 1, 1), Counts("orders", "a", 1, 1, at(seconds))], at(when))
    assert not EventPost.objects.exists()
    assert post("edge", 1, 1, when=LATEST + 60, seconds=60) == Receipt(1, 0)


def test_the_last_instant_that_is_taken_can_still_be_placed_after_thinning() -> None:
    item = objective(heartbeat=3_600)
    tick(0)
    for number in range(1, 14):
        post(f"n{number}", 1, 1, when=number * 1_800)
        collect(at(number * 1_800))
        thin(at(number * 1_800))
    end = 13 * 1_800
    assert rows(item)[-1] == (end, 13, 13, end)
    assert post("late", 0, 1, when=end, seconds=end - LATEST) == Receipt(1, 0)
    collect(at(end + 30))
    assert rows(item)[-1] == (end + 30, 13, 14, end)
    sums = [total for _, _, total, _ in rows(item)]
    assert sums == sorted(sums)
    assert {row[0]: row[2] for row in rows(item)}[1_800] == 2


def test_counting_begins_with_the_first_post() -> None:
    item = objective()
    post("a", 1, 1, when=10)
    tick(1)
    assert rows(item) == [(0, 0, 0, 0), (30, 1, 1, 10)]


def test_an_objective_that_is_not_of_events_takes_no_posts() -> None:
    factories.objective("queried", source=factories.source("prom"))
    with pytest.raises(DefinitionError, match=r"0.objective: queried is measured by the source prom \(prometheus\)"):
        post("a", 1, 1, when=0, name="queried")
    with pytest.raises(DefinitionError, match="there is no objective named 'ordres'"):
        post("a", 1, 1, when=0, name="ordres")


def test_posts_are_forgotten_when_no_repetition_need_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    item = objective()
    tick(0)
    post("old", 1, 1, when=10)
    tick(1, 2)
    day = 86_400
    collect(at(8 * day))
    post("new", 1, 1, when=8 * day)
    collect(at(8 * day + 30))
    assert events.forget(at(7 * day)) == 0
    assert events.forget(at(8 * day)) == 1
    assert EventPost.objects.get().key == "new"
    assert Measurement.objects.filter(objective=item).latest("at").total == 2
    collect(at(10 * day))
    collect(at(10 * day + 30))
    monkeypatch.setattr("slo.tasks.datetime", _Clock)
    thin_task()
    assert not EventPost.objects.exists()


class _Clock(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return from_epoch(START + 30 * 86_400)


# Two at once -----------------------------------------------------------------------------------------------------


def test_many_who_send_and_collect_at_once_count_every_event_once(shared_database: None) -> None:
    item = objective()
    tick(0)
    receipts: list[Receipt] = []

    def work(worker: int) -> None:
        if worker >= 3:
            tick(*range(10, 16))
            return
        for number in range(20):
            # Every sender sends the same twenty posts, and twenty of its own.
            both = [Counts("orders", f"{who}-{number}", 1, 2, at(number * 10 + 5)) for who in ("all", worker)]
            receipts.append(receive(both, at(300)))

    at_once(5, work)
    tick(20, 21)
    assert len(receipts) == 60
    assert sum(receipt.accepted for receipt in receipts) == 80
    assert sum(receipt.repeated for receipt in receipts) == 40
    assert rows(item)[-1][1:3] == (80, 160)
    sums = [total for _, _, total, _ in rows(item)]
    assert sums == sorted(sums)
