"""How long components take at present: read in one request a source, and never in the way of measuring."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.pipeline import STEPS
from slo.errors import CatalogError, SourceError
from slo.maths.windows import to_epoch
from slo.models import Component, ComponentLatency
from slo.services import latency
from slo.services.catalog import apply_documents, export_documents
from slo.sources import fake, registry
from slo.sources.exposition import Labels, Page
from slo.sources.fake import Fake
from slo.sources.histograms import Asked, Found, subtracted
from slo.sources.prometheus import Prometheus
from tests import factories
from tests.conftest import PrometheusFactory
from tests.factories import NOW

INF = float("inf")
STEADY = ((0.1, 500.0), (0.2, 990.0), (0.5, 1_000.0), (INF, 1_000.0))
ORDERS = 'seconds{component="orders"}'


def component(name: str, histogram: str = "", kind: str = "prometheus", source: str = "") -> Component:
    """A component with a latency objective on that histogram."""
    made = factories.component(name)
    sli = {"good": "seconds_bucket", "total": "seconds_count", "counter": True, "histogram": histogram}
    factories.objective(component=made, indicator="latency", sli=sli, source=factories.source(source, kind=kind))
    return made


def read(*, counted: Mapping[str, Any] | None = None) -> Fake:
    with fake.standing_in() as source:
        source.counted.update(counted or {})
        latency.read(NOW)
    return source


@pytest.mark.django_db
def test_quantiles_of_the_last_five_minutes_come_from_the_objectives_histogram() -> None:
    made = component("orders", ORDERS)
    source = read(counted={ORDERS: STEADY})
    row = ComponentLatency.objects.get()
    assert (row.component, row.at, row.events) == (made, NOW, 1_000)
    assert (row.p50, row.p99, row.p50_beyond, row.p99_beyond) == (0.1, 0.2, False, False)
    assert source.asked == [(to_epoch(NOW) - 300, to_epoch(NOW), 1)]


@pytest.mark.django_db
def test_what_the_component_names_itself_goes_first_and_all_are_asked_at_once() -> None:
    world = factories.source("world")
    for number in range(30):
        factories.component(f"part-{number}", latency_source=world, latency_histogram=f"own{{n='{number}'}}")
    source = read()
    assert [asked for _, _, asked in source.asked] == [30]


@pytest.mark.django_db
def test_few_events_and_none_are_unknown_and_a_full_last_bucket_says_more_than() -> None:
    component("idle", "idle")
    component("slow", "slow")
    read(counted={"idle": ((0.1, 5.0), (INF, 5.0)), "slow": ((0.1, 40.0), (INF, 400.0))})
    idle, slow = (ComponentLatency.objects.get(component__name=name) for name in ("idle", "slow"))
    assert (idle.p50, idle.p99, idle.events) == (None, None, 5)
    assert (slow.p50, slow.p50_beyond, slow.p99_beyond) == (0.1, True, True)


@pytest.mark.django_db
def test_one_source_that_is_away_and_one_broken_histogram_harm_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    away, broken, well = component("away", "a"), component("broken", "b"), component("well", ORDERS)

    class Away(Fake):
        def histograms(self, asked: object, at: int, seconds: int) -> list[Found]:
            raise RuntimeError("boom")

    with fake.standing_in() as source, monkeypatch.context() as patched:
        source.counted[ORDERS], source.broken["b"] = STEADY, "the query is refused: parse error"
        real = registry.build
        marked = away.objectives.get().source
        marked.spec = {"away": 1}
        marked.save()
        patched.setattr(registry, "build", lambda kind, spec: Away() if spec else real(kind, spec))
        latency.read(NOW)
    problems = {row.component.name: row.problem for row in ComponentLatency.objects.select_related("component")}
    assert problems == {
        "away": "cannot be read: RuntimeError: boom",
        broken.name: "the query is refused: parse error",
        well.name: "",
    }


@pytest.mark.django_db
def test_what_names_no_histogram_any_more_is_forgotten() -> None:
    made = component("orders", ORDERS)
    read(counted={ORDERS: STEADY})
    made.objectives.all().delete()
    read()
    assert not ComponentLatency.objects.exists()


def test_it_comes_after_everything_that_matters() -> None:
    assert [step.__name__ for step in STEPS][-1] == "read_latency"


# In documents ----------------------------------------------------------------------------------------------------

DOCUMENT = """\
apiVersion: brownout/v1
kind: Component
metadata: {name: orders}
spec:
  service: shop
  tier: 2
  latency: {metricSourceRef: world, histogram: 'seconds{component="orders"}'}
"""


@pytest.mark.django_db
def test_a_component_names_its_histogram_and_comes_back_as_it_was(tmp_path: Path) -> None:
    factories.service("shop")
    factories.source("world")
    file = tmp_path / "orders.yaml"
    file.write_text(DOCUMENT)
    assert [change.action for change in apply_documents([file], NOW)] == ["created"]
    assert Component.objects.get().latency_histogram == ORDERS
    file.write_text(export_documents(["orders"]))
    assert [change.action for change in apply_documents([file], NOW)] == ["unchanged"]
    file.write_text(DOCUMENT.replace("  latency:", "  description: plain\n  # latency:"))
    assert [change.action for change in apply_documents([file], NOW)] == ["changed"]
    assert (Component.objects.get().latency_source, Component.objects.get().latency_histogram) == (None, "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("world", "nowhere", "there is no DataSource named 'nowhere'"),
        ("world", "pushed", "a DataSource of the type events has no histograms"),
        ("seconds{", "seconds_bucket{", "write the histogram's base name, seconds, without _bucket"),
        ("seconds{", "sum(seconds{", "does not name a histogram"),
    ],
)
def test_what_tells_no_latency_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    factories.service("shop")
    factories.source("world")
    factories.source("pushed", kind="events")
    file = tmp_path / "orders.yaml"
    file.write_text(DOCUMENT.replace(before, after))
    with pytest.raises(CatalogError, match=message.replace("(", r"\(")):
        apply_documents([file], NOW)


# From the services' own pages ------------------------------------------------------------------------------------


def page(fast: float, all_: float, start: float | None = 5) -> Page:
    labels = {"component": "orders"}
    rows: list[tuple[Labels, float]] = [
        ({**labels, "le": "0.1"}, fast),
        ({**labels, "le": "+Inf"}, all_),
        ({"component": "x", "le": "0.1"}, 7.0),
    ]
    return Page({"seconds_bucket": rows}, start)


def scrapes(*pages: dict[str, Page], every: int = 30) -> list[tuple[tuple[float, float], ...]]:
    cursor: Mapping[str, Any] = {}
    told: list[tuple[tuple[float, float], ...]] = []
    for number, each in enumerate(pages):
        found = subtracted(Asked(1, ORDERS, cursor), each, 1_000 + number * every, 300)
        cursor = found.cursor
        told.append(found.buckets)
    return told


def test_pages_are_subtracted_from_those_of_five_minutes_before() -> None:
    pages = [{"a": page(10.0 * number, 20.0 * number)} for number in range(20)]
    told = scrapes(*pages)
    # Five minutes are ten pages.
    assert (told[0], told[1], told[-1]) == ((), ((0.1, 10), (INF, 20)), ((0.1, 100), (INF, 200)))


def test_a_restart_counts_from_nothing_and_a_new_target_from_its_second_page() -> None:
    told = scrapes({"a": page(90, 100)}, {"a": page(3, 4, start=90), "b": page(50, 50)}, {"a": page(5, 8, start=90)})
    assert told[1:] == [((0.1, 3), (INF, 4)), ((0.1, 5), (INF, 8))]
    assert scrapes({"a": page(90, 100, None)}, {"a": page(3, 4, None)})[1] == ((0.1, 3), (INF, 4))


def test_another_histogram_starts_anew() -> None:
    first = subtracted(Asked(1, "other"), {"a": page(1, 2)}, 1_000, 300)
    assert subtracted(Asked(1, ORDERS, first.cursor), {"a": page(50, 50)}, 1_030, 300).buckets == ()


def test_a_cursor_stays_small_at_a_fast_tick() -> None:
    cursor: Mapping[str, Any] = {}
    for number in range(300):
        found = subtracted(Asked(1, ORDERS, cursor), {"a": page(number, number)}, 1_000 + number * 5, 300)
        cursor = found.cursor
    assert len(found.cursor["snapshots"]) <= 12
    assert 50 <= found.buckets[-1][1] <= 66


def test_a_broken_selector_is_a_problem_of_its_own() -> None:
    found = subtracted(Asked(1, 'seconds{component=~"["}'), {"a": page(1, 2)}, 1_000, 300)
    assert "no regular expression" in found.problem


# From a real Prometheus ------------------------------------------------------------------------------------------


def history(components: int, end: int) -> str:
    """Ten minutes of histograms: 10 calls a second, half of them up to 0.1 s, all up to 0.5 s."""
    lines = ["# TYPE seconds histogram"]
    for number in range(components):
        for le, rate in (("0.1", 5), ("0.5", 10), ("1", 10), ("+Inf", 10)):
            lines += [
                f'seconds_bucket{{component="part-{number}",job="a",instance="b",le="{le}"}} {rate * second} '
                f"{end - 600 + second}"
                for second in range(0, 601, 30)
            ]
    return "\n".join([*lines, "# EOF"]) + "\n"


@pytest.mark.django_db
def test_a_real_prometheus_tells_all_of_them_in_one_request(prometheus: PrometheusFactory) -> None:
    at = NOW
    server = prometheus(history=history(3, to_epoch(at)))
    asked = [Asked(number, f'seconds{{component="part-{number}"}}') for number in range(3)]
    asked += [Asked(8, 'seconds{component="nothing"}'), Asked(9, 'seconds{component=~"["}')]
    found = {item.number: item for item in Prometheus(server.url).histograms(asked, to_epoch(at), 300)}
    assert [bound for bound, _ in found[0].buckets] == [0.1, 0.5, 1.0, INF]
    assert [events for _, events in found[2].buckets] == pytest.approx([1_500, 3_000, 3_000, 3_000], rel=0.02)
    assert found[8].buckets == ()
    assert "refused" in found[9].problem
    source = factories.source("world", spec={"url": server.url})
    factories.component("part-0", latency_source=source, latency_histogram='seconds{component="part-0"}')
    latency.read(at)
    row = ComponentLatency.objects.get()
    assert row.p50 == pytest.approx(0.1, rel=0.05)
    assert row.p99 == pytest.approx(0.492, rel=0.05)


def test_a_silent_prometheus_is_an_error_and_no_answer() -> None:
    with pytest.raises(SourceError):
        Prometheus("http://127.0.0.1:9", timeout=1).histograms([Asked(1, "seconds")], 1_000, 300)
