"""Numbers at instants and queries with an open window, read from a real Prometheus whose history is known."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from math import nan

import pytest
from pytest_django.fixtures import Settings

from slo import selectors
from slo.maths.values import Test, Value
from slo.maths.windows import from_epoch, to_epoch
from slo.services.backfill import backfill
from slo.sources.base import Query, Reading, Sample
from slo.sources.prometheus import Prometheus
from slo.sources.prometheus_values import filled
from tests import factories
from tests.factories import NOW
from tests.servers import Prometheus as Server
from tests.servers import running

START, SCRAPE, TICK, LENGTH = to_epoch(NOW) - 3_600, 15, 30, 1_200


@pytest.mark.parametrize(
    ("test", "number", "good"),
    [
        ("success", 0.75, 0.75),
        ("failure", 0.75, 0.25),
        ("success", 1 + 1e-12, 1),
        ("failure", -1e-12, 1),
        ("success", 1.01, None),
        ("success", -0.5, None),
        ("success", float("inf"), None),
        ("success", nan, None),
        ("lt", 2.0, 0),
        ("lte", 2.0, 1),
        ("gt", 2.0, 0),
        ("gte", 2.0, 1),
        ("lt", float("inf"), 0),
        ("gt", nan, None),
    ],
)
def test_a_number_is_good_or_bad_or_says_nothing(test: Test, number: float, good: float | None) -> None:
    assert Value("q", test, 2.0).good(number) == pytest.approx(good) if good is not None else True
    assert (Value("q", test, 2.0).good(number) is None) == (good is None)


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("sum(rate(a[{{.window}}]))", "(\nsum(rate(a[60s]))\n) * 30"),
        ("sum(increase(a[{{ .window }}]))", "(\nsum(increase(a[60s]))\n) * 30 / 60"),
        ("sum(count_over_time(a[{{.window}}]))", "(\nsum(count_over_time(a[60s]))\n) * 30 / 60"),
        ('sum(rate(a{x="increase(b["}[{{.window}}]))', '(\nsum(rate(a{x="increase(b["}[60s]))\n) * 30'),
        ("sum(a)", "sum(a)"),
    ],
)
def test_a_window_is_filled_in_and_its_events_are_those_of_a_tick(query: str, sent: str) -> None:
    assert filled(Query(1, query, bad="b", counter=False), 30, 15).total == sent


def test_a_window_is_never_shorter_than_a_tick() -> None:
    assert filled(Query(1, "rate(a[{{.window}}])", bad="b", counter=False), 300, 15).total.count("[300s]") == 1


def history() -> str:
    """Twenty minutes: bad from minute 5 to 7, without values from 10 to 12, nonsense from 15 on."""
    families: dict[str, Callable[[int], float]] = {
        "ratio": lambda t: 2.5 if t >= 900 else 0.5 if 300 < t <= 420 else 1.0,
        "latency": lambda t: 0.9 if 300 < t <= 420 else 0.1,
        "idle": lambda _: nan,
    }
    lines = []
    for name, of in families.items():
        lines.append(f"# TYPE {name} gauge")
        # Five minutes without a value and without a stale marker are read on: the gap is a longer one by that.
        lines += [f"{name} {of(t)} {START + t}" for t in range(0, LENGTH + 1, SCRAPE) if not 600 < t <= 720]
    lines += ["# TYPE alive gauge"]
    for at in range(0, LENGTH + 1, SCRAPE):
        replica = "a" if at <= 600 else "b"
        lines.append(f'alive{{replica="{replica}"}} {float(not 300 < at <= 420)} {START + at}')
    lines += ["# TYPE hits counter"]
    for code, every in (("200", 10), ("500", 1)):
        lines += [
            f'hits_total{{code="{code}"}} {every * at / SCRAPE} {START + at}' for at in range(0, LENGTH + 1, SCRAPE)
        ]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    def make() -> Server:
        made = Server(interval=SCRAPE)
        made.load(history())
        return made

    with running(make) as started:
        yield started


def read(server: Server, query: Query, start: int = 0, end: int = 900) -> Reading:
    source = Prometheus(server.url, SCRAPE)
    (reading,) = source.collect([query], START + start, START + end, TICK)
    return reading


def value(query: str, test: Test, bound: float = 0.0) -> Query:
    return Query(7, value=Value(query, test, bound))


def summed(reading: Reading) -> tuple[float, float, float]:
    samples = reading.samples
    return sum(s.good for s in samples), sum(s.total for s in samples), sum(s.observed for s in samples)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("query", "test", "bound", "good"),
    [
        ("ratio", "success", 0, 600 - 60),
        ("1 - ratio", "failure", 0, 600 - 60),
        ("latency", "lt", 0.5, 600 - 120),
        ("latency", "lte", 0.9, 600),
        ("latency", "gt", 0.5, 120),
        ("latency # in seconds", "gte", 0.9, 120),
        ('alive{replica="a"}', "gte", 1, 600 - 120),
        ("avg_over_time(ratio[{{.window}}])", "success", 0, 600 - 60),
    ],
)
def test_the_good_seconds_are_those_of_the_history(
    server: Server, query: str, test: Test, bound: float, good: float
) -> None:
    reading = read(server, value(query, test, bound), end=600)
    assert not reading.problem
    assert summed(reading) == pytest.approx((good, 600, 600))


@pytest.mark.integration
def test_what_is_no_ratio_is_left_unobserved_and_told(server: Server) -> None:
    reading = read(server, value("ratio", "success"), start=900, end=1_200)
    assert reading.samples[1] == Sample(START + 960, 0, 0, 0)
    assert "the query gave 2.5, which is no ratio from 0 to 1" in reading.problem


@pytest.mark.integration
@pytest.mark.parametrize("query", ["idle", "nothing_of_that_name"])
def test_nothing_known_is_neither_good_nor_bad(server: Server, query: str) -> None:
    reading = read(server, value(query, "success"))
    assert (summed(reading), reading.problem) == ((0, 0, 0), "")


@pytest.mark.integration
def test_several_series_at_once_are_refused(server: Server) -> None:
    reading = read(server, value("hits_total", "lt", 5))
    assert reading.samples == ()
    assert "the query gives 2 series where one is needed; put avg(…), min(…) or max(…) around it" in reading.problem


@pytest.mark.integration
def test_a_replaced_target_is_one_series_after_the_other(server: Server) -> None:
    reading = read(server, value("max by (replica) (alive) unless alive offset 5m > 9", "gte", 1), start=0, end=600)
    assert not reading.problem


@pytest.mark.integration
def test_one_broken_query_keeps_no_other_from_being_read(server: Server) -> None:
    source = Prometheus(server.url, SCRAPE)
    queries = [Query(n, value=Value(text, "gte", 1)) for n, text in enumerate(("min(", "1", "max(alive)"))]
    broken, scalar, good = source.collect(queries, START, START + 300, TICK)
    assert "the query is refused" in broken.problem
    assert "the query is refused" in scalar.problem
    assert summed(good) == (300, 300, 300)


@pytest.mark.integration
@pytest.mark.parametrize("function", ["rate", "increase"])
def test_events_over_an_open_window_come_close_to_what_was_counted(server: Server, function: str) -> None:
    total = f"sum({function}(hits_total[{{{{.window}}}}])) * 1"
    bad = f'sum({function}(hits_total{{code="500"}}[{{{{.window}}}}])) * 1'
    reading = read(server, Query(7, total, bad=bad, counter=False), start=120, end=900)
    good, events, observed = summed(reading)
    assert (events, events - good, observed) == pytest.approx((11 * 52, 52, 780), rel=0.02)


@pytest.mark.integration
@pytest.mark.django_db
def test_slices_of_a_threshold_are_filled_in_from_the_past(server: Server, settings: Settings) -> None:
    settings.TICK_SECONDS = TICK
    source = factories.source(spec={"url": server.url, "scrape_interval": SCRAPE})
    cut = {"method": "Timeslices", "window": 120, "target": 0.9}
    item = factories.objective(
        sli={"query": "latency", "op": "lt", "value": 0.5, "slice": cut}, source=source, target=0.9
    )
    backfill([item], from_epoch(START), from_epoch(START + 600), from_epoch(START + 600) + timedelta(seconds=1))
    status = selectors.status(item.name, from_epoch(START + 600))
    # 5:00 to 7:00 is bad: the halves of two slices, which both fall below 90 %.
    assert (status.period.good, status.period.total) == (3, 5)
