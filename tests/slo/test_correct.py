"""A correction reads a span again: what lies within is as the source says now, what follows keeps its own counts."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from slo import selectors_ledger
from slo.errors import BackfillError
from slo.maths.ledger import Sums
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Correction, Measurement, Objective, Watermark
from slo.services.collect import ask as asking
from slo.services.collect import collect
from slo.services.correct import Order, correct
from slo.services.thin import thin
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.factories import NOW

START = to_epoch(NOW)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
END = NOW + 4 * HOUR

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = 30


@pytest.fixture
def fake() -> Iterator[Fake]:
    """Ten events a minute for four hours, one of them bad."""
    with standing_in("prometheus") as made:
        for minute in range(240):
            made.count("hits", START + 60 * minute + 30, 10, bad=1)
        yield made


@pytest.fixture
def item(fake: Fake) -> Objective:
    """Measured for four hours."""
    made = factories.objective("checkout", sli={"bad": "hits_bad", "total": "hits", "counter": True})
    collect(NOW)
    collect(END)
    return made


def window(item: Objective, start: Any, end: Any) -> tuple[float, float, float]:
    low, high = to_epoch(start), to_epoch(end)
    sums = selectors_ledger.History(item, low, high).window(low, high).sums
    return sums.good, sums.total, sums.observed


def order(since: Any = NOW + HOUR, until: Any = NOW + 2 * HOUR, **fields: Any) -> Order:
    return Order(since, until, **{"by": "ann", "reason": "a bug in the exporter", **fields})


def test_the_span_is_as_the_source_says_now_and_the_rest_keeps_its_counts(fake: Fake, item: Objective) -> None:
    before, after = window(item, NOW, NOW + HOUR), window(item, NOW + 2 * HOUR, END)
    fake.count("hits", START + 5_400, 100, bad=50)
    (found,) = correct([item], order(), END)
    assert (found.problem, found.lost) == ("", 0)
    assert found.difference == Sums(50, 100, 0)
    assert window(item, NOW + HOUR, NOW + 2 * HOUR) == (590, 700, 3_600)
    assert window(item, NOW, NOW + HOUR) == before
    assert window(item, NOW + 2 * HOUR, END) == after
    # Within the span too every row is what was counted up to it.
    assert window(item, NOW + HOUR, NOW + timedelta(seconds=5_370)) == (270, 300, 1_770)
    assert window(item, NOW + timedelta(seconds=5_370), NOW + timedelta(seconds=5_400)) == (50, 100, 30)


def test_a_gap_is_filled_in(fake: Fake, item: Objective) -> None:
    low, high = START + 3_600, START + 7_200
    gap = Measurement.objects.filter(objective=item, at__gt=low + 600, at__lte=high - 600)
    for at in gap.values_list("at", flat=True):
        assert low < at < high
    gap.delete()
    lost = Sums(360, 400, 2_400)
    for row in Measurement.objects.filter(objective=item, at__gt=high - 600):
        row.good, row.total, row.observed = row.good - lost.good, row.total - lost.total, row.observed - lost.observed
        row.save()
    assert window(item, NOW, END)[1] == 2_000
    (found,) = correct([item], order(), END)
    assert found.difference == lost
    assert window(item, NOW, END) == (2_160, 2_400, 14_400)
    assert Measurement.objects.filter(objective=item).count() == 4 * 120 + 1


def test_a_dry_run_shows_the_difference_and_changes_nothing(fake: Fake, item: Objective) -> None:
    rows = list(factories.sums(item))
    fake.count("hits", START + 5_400, 100)
    (found,) = correct([item], order(dry_run=True, reason=""), END)
    assert found.difference == Sums(100, 100, 0)
    assert list(factories.sums(item)) == rows
    assert not Correction.objects.exists()


def test_what_the_source_has_forgotten_is_not_lost_unless_that_is_wanted(fake: Fake, item: Objective) -> None:
    rows = list(factories.sums(item))
    fake.silence(START + 4_000, START + 4_600)
    (found,) = correct([item], order(), END)
    assert "does not know 10m any more that were observed" in found.problem
    assert list(factories.sums(item)) == rows
    (found,) = correct([item], order(force=True), END)
    assert (found.problem, found.lost) == ("", 600)
    assert window(item, NOW + HOUR, NOW + 2 * HOUR)[2] == 3_000
    assert Correction.objects.get().forced


def test_it_is_written_down_who_did_it_when_and_why(fake: Fake, item: Objective) -> None:
    fake.count("hits", START + 5_400, 100, bad=50)
    correct([item], order(), END)
    row = Correction.objects.get()
    assert (row.by, row.reason, row.at, row.forced) == ("ann", "a bug in the exporter", END, False)
    assert (from_epoch(row.start), from_epoch(row.end)) == (NOW + HOUR, NOW + 2 * HOUR)
    assert (row.good, row.total, row.observed) == (50, 100, 0)


def test_measuring_goes_on_after_it_and_counts_nothing_twice(fake: Fake, item: Objective) -> None:
    version = Watermark.objects.get(pk=item.pk).version
    fake.count("hits", START + 14_000, 100)
    correct([item], order(NOW + 3 * HOUR, END), END)
    assert Watermark.objects.get(pk=item.pk).version == version + 1
    collect(END + 10 * MINUTE)
    assert window(item, NOW, END + 10 * MINUTE)[1] == 2_500


def test_a_ledger_that_changed_meanwhile_is_asked_anew(
    fake: Fake, item: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def ask(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            Measurement.objects.filter(objective=item, at=START + 4_200).delete()
        return asking(*arguments)

    monkeypatch.setattr("slo.services.correct.ask", ask)
    fake.count("hits", START + 5_400, 100)
    (found,) = correct([item], order(), END)
    assert found.problem == ""
    assert len(calls) == 2
    assert window(item, NOW, END)[1] == 2_500


def test_a_ledger_that_never_holds_still_is_left_alone(
    fake: Fake, item: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*arguments: Any) -> Any:
        first = Measurement.objects.filter(objective=item, at__gt=START + 3_600, at__lt=START + 7_200).first()
        assert first is not None
        first.delete()
        return asking(*arguments)

    monkeypatch.setattr("slo.services.correct.ask", ask)
    (found,) = correct([item], order(), END)
    assert "meanwhile; try again" in found.problem


def test_a_thinned_span_is_corrected_between_the_rows_there_are(fake: Fake, item: Objective) -> None:
    later = END + timedelta(days=4)
    thin(later)
    fake.count("hits", START + 5_400, 100)
    (found,) = correct([item], order(NOW + HOUR + 7 * MINUTE, NOW + 2 * HOUR - 7 * MINUTE), later)
    assert (from_epoch(found.start), from_epoch(found.end)) == (NOW + HOUR + 5 * MINUTE, NOW + 2 * HOUR - 5 * MINUTE)
    assert window(item, NOW, END)[1] == 2_500
    assert Measurement.objects.filter(objective=item).count() == 4 * 12 + 1


@examples(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bounds=st.tuples(st.integers(0, 239), st.integers(1, 240)).filter(lambda pair: pair[0] < pair[1]),
    late=st.lists(st.tuples(st.integers(1, 14_399), st.integers(1, 50)), max_size=5),
)
def test_any_span_ends_up_as_the_source_says(
    fake: Fake, item: Objective, bounds: tuple[int, int], late: list[tuple[int, int]]
) -> None:
    for at, count in late:
        fake.count("hits", START + at, count)
    low, high = (NOW + MINUTE * bound for bound in bounds)
    untouched = [row for row in factories.sums(item) if row[0] <= to_epoch(low)]
    tail = window(item, high, END)
    (found,) = correct([item], order(low, high), END)
    assert found.problem == ""
    inside = [e for e in fake.events if to_epoch(low) < e.at <= to_epoch(high)]
    assert window(item, low, high)[:2] == (sum(e.good for e in inside), sum(e.total for e in inside))
    assert [row for row in factories.sums(item) if row[0] <= to_epoch(low)] == untouched
    assert window(item, high, END) == tail


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"until": NOW}, "--since must be before --until"),
        ({"until": NOW + timedelta(days=100)}, "at most 92d"),
        ({"reason": "  "}, "needs its reason"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(item: Objective, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BackfillError, match=sentence):
        correct([item], order(**wrong), END)


def test_what_cannot_be_corrected_is_said_and_concerns_no_other(fake: Fake, item: Objective) -> None:
    with standing_in("scrape", replays=False):
        present = factories.objective("present", source=factories.source(kind="scrape"))
        unmeasured = factories.objective("unmeasured", sli=item.sli)
        fake.count("hits", START + 5_400, 100)
        found = correct([present, unmeasured, item], order(), END)
    assert "knows only the present" in found[0].problem
    assert "its ledger has nothing between" in found[1].problem
    assert found[2].difference.total == 100
    fake.broken["hits"] = "no such series"
    assert correct([item], order(), END)[0].problem == "no such series"
    fake.broken.clear()
    fake.outage(START, START + 20_000)
    assert "out of order" in correct([item], order(), END)[0].problem


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("backfill", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_shows_the_difference_first_and_then_makes_it(fake: Fake, item: Objective) -> None:
    fake.count("hits", START + 5_400, 100, bad=50)
    span = ("checkout", "--replace", "--since", "2026-03-02T13:00Z", "--until", "2026-03-02T14:00Z")
    assert "would change: good +50, total +100, observed +0 s" in run(*span, "--dry-run")
    with pytest.raises(CommandError, match="needs its reason"):
        run(*span)
    assert "changed: good +50, total +100, observed +0 s" in run(*span, "--reason", "exporter bug", "--by", "ann")
    assert Correction.objects.get().by == "ann"
    with pytest.raises(CommandError, match="--force belongs to --replace"):
        run("checkout", "--since", "2026-03-02T13:00Z", "--force")
    with pytest.raises(CommandError, match="name the objectives"):
        run(*span[1:], "--reason", "x")


def test_corrections_are_read_over_json(fake: Fake, item: Objective, client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    correct([item], order(), END)
    (row,) = client.get("/api/v1/objectives/checkout/corrections").json()
    assert (row["by"], row["total"], row["start"]) == ("ann", 0, "2026-03-02T13:00:00Z")
    assert client.get("/api/v1/objectives/x/corrections").status_code == 404
