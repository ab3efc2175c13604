"""Every kind of SLI there may be in a document: what becomes of it, and that it comes back as it was."""

from pathlib import Path
from typing import Any

import pytest

from slo import selectors
from slo.models import Objective
from slo.services.catalog import export_documents
from tests import factories
from tests.factories import NOW
from tests.slo.documents import SCRAPE, SERVICE, SOURCE
from tests.slo.reading import apply, refused, told

pytestmark = pytest.mark.django_db

COUNTED = """
      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: prom, spec: {query: 'BAD'}}}
        total: {metricSource: {metricSourceRef: prom, spec: {query: 'TOTAL'}}}
"""
RAW = """
      ratioMetric: {rawType: success, raw: {metricSource: {metricSourceRef: prom, spec: {query: 'ok:ratio'}}}}
"""
THRESHOLD = """
      thresholdMetric: {metricSource: {metricSourceRef: prom, spec: {query: 'min(up)'}}}
"""


def slo(indicator: str, terms: str = "", *, method: str = "Occurrences", target: float = 0.999) -> str:
    return f"""
apiVersion: openslo/v1
kind: SLO
metadata: {{name: promise}}
spec:
  service: shop
  indicator:
    spec:{indicator}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: {method}
  objectives: [{{target: {target}{terms}}}]
"""


def counted(bad: str, total: str) -> str:
    return COUNTED.replace("BAD", bad).replace("TOTAL", total)


def applied(folder: Path, document: str) -> dict[str, Any]:
    """The stored SLI; the export of everything, applied, has changed nothing."""
    apply(folder, SERVICE, SOURCE, document)
    sli: dict[str, Any] = Objective.objects.get().sli
    assert told(apply(folder, export_documents())) == []
    return sli


@pytest.mark.parametrize(
    "shape",
    [
        "sum(rate(SELECTOR[{{.window}}]))",
        "sum(increase(SELECTOR[{{ .window }}]))",
        "( sum (\n rate ( SELECTOR [ {{- .window -}} ] ) ) )",
        "sum by () (rate(SELECTOR[{{.window}}]))",
    ],
)
def test_a_summed_rate_over_an_open_window_is_its_counter_and_counted_exactly(tmp_path: Path, shape: str) -> None:
    bad, total = 'hits{code=~"5..|(429)"}', "hits"
    document = slo(
        counted(
            *(shape.replace("SELECTOR", selector).replace("\n", " ") for selector in (bad, total)),
        )
    )
    assert applied(tmp_path, document) == {"bad": bad, "total": total, "counter": True}


@pytest.mark.parametrize(
    ("bad", "total"),
    [
        ("sum(rate(a[{{.window}}])) - sum(rate(b[{{.window}}]))", "sum(rate(a[{{.window}}]))"),
        ("sum(rate(a[{{.window}}])) or vector(0)", "sum(rate(a[{{.window}}]))"),
        ("sum(rate(a[{{.window}}] offset 1m))", "sum(rate(a[{{.window}}]))"),
        ("max(rate(a[{{.window}}]))", "sum(rate(a[{{.window}}]))"),
        ("sum(rate(a[5m]))", "sum(increase(b[{{.window}}]))"),
    ],
)
def test_any_other_query_over_an_open_window_is_evaluated_and_said_to_be_approximate(
    tmp_path: Path, bad: str, total: str
) -> None:
    sli = applied(tmp_path, slo(counted(bad, total).replace("counter: true", "counter: false")))
    assert sli == {"bad": bad, "total": total, "counter": False, "window": True}
    status = selectors.status("promise", NOW)
    assert "Approximate" in " ".join(status.as_json()["notes"])  # type: ignore[arg-type]
    assert not status.problem


def test_what_is_by_the_second_and_what_is_by_the_window_are_not_mixed(tmp_path: Path) -> None:
    mixed = counted("sum(rate(a[{{.window}}])) + sum(increase(b[{{.window}}]))", "sum(rate(a[{{.window}}]))")
    (line,) = refused(tmp_path, SERVICE, SOURCE, slo(mixed))
    assert "ratioMetric: mixes rate, which is by the second, with increase, which is by the window" in line


def test_a_ratio_computed_elsewhere_is_weighted_by_time(tmp_path: Path) -> None:
    assert applied(tmp_path, slo(RAW)) == {"raw": "ok:ratio", "raw_type": "success"}
    form = selectors.status("promise", NOW).as_json()
    assert form["unit"] == "seconds"
    assert "Weighted by time" in form["notes"][0]  # type: ignore[index]


@pytest.mark.parametrize("op", ["lt", "lte", "gt", "gte"])
def test_a_threshold_says_which_numbers_are_good(tmp_path: Path, op: str) -> None:
    sli = applied(tmp_path, slo(THRESHOLD, f", op: {op}, value: 1"))
    assert sli == {"query": "min(up)", "op": op, "value": 1.0}
    assert selectors.status("promise", NOW).as_json()["unit"] == "seconds"


@pytest.mark.parametrize(
    ("indicator", "terms", "sentence"),
    [
        (THRESHOLD, ", op: lt", "spec.objectives.0.value: an objective of a thresholdMetric needs value"),
        (THRESHOLD, ", value: 5", "spec.objectives.0.op: an objective of a thresholdMetric needs op"),
        (RAW, ", op: lt, value: 1", "spec.objectives.0.op: an objective of a thresholdMetric needs op, and no other"),
        (RAW.replace("success", "good"), "", "rawType: must be success or failure, not the text 'good'"),
        (RAW.replace("ok:ratio", " "), "", "query: must not be empty"),
        (RAW + THRESHOLD.lstrip("\n"), "", "spec.indicator.spec: needs either ratioMetric or thresholdMetric"),
        (THRESHOLD.replace("metricSourceRef: prom, ", ""), ", op: lt, value: 1", "a connection written in place"),
        (THRESHOLD.replace("Ref: prom", "Ref: direct"), ", op: lt, value: 1", "a scrape source counts bare selectors"),
    ],
)
def test_what_does_not_fit_a_number_is_refused(tmp_path: Path, indicator: str, terms: str, sentence: str) -> None:
    lines = refused(tmp_path, SERVICE, SOURCE, SCRAPE, slo(indicator, terms))
    assert any(sentence in line for line in lines), lines


@pytest.mark.parametrize("indicator", [counted("bad", "hits"), RAW, THRESHOLD])
@pytest.mark.parametrize("method", ["Timeslices", "RatioTimeslices"])
def test_every_kind_may_be_counted_in_slices(tmp_path: Path, indicator: str, method: str) -> None:
    terms = ", timeSliceWindow: 5m" + (", timeSliceTarget: 0.95" if method == "Timeslices" else "")
    if indicator == THRESHOLD:
        terms += ", op: gte, value: 1"
    sli = applied(tmp_path, slo(indicator, terms, method=method))
    assert (sli["slice"]["method"], sli["slice"]["window"]) == (method, 300)
    assert sli["slice"].get("target") == (0.95 if method == "Timeslices" else None)
    form = selectors.status("promise", NOW).as_json()
    assert form["unit"] == "slices"
    assert "slices of 5m" in " ".join(form["notes"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ("50s", "timeSliceWindow: a time slice must be a multiple of the tick, 30s, not 50s"),
        ("2h", "timeSliceWindow must be at most 1h"),
    ],
)
def test_slices_that_cannot_be_collected_are_refused(tmp_path: Path, window: str, sentence: str) -> None:
    document = slo(RAW, f", timeSliceWindow: {window}", method="RatioTimeslices")
    (line,) = refused(tmp_path, SERVICE, SOURCE, document)
    assert sentence in line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (slo(counted("bad", "hits")), slo(RAW)),
        (slo(RAW), slo(counted("bad", "hits"))),
        (slo(RAW), slo(RAW, ", timeSliceWindow: 1m", method="RatioTimeslices")),
        (
            slo(RAW, ", timeSliceWindow: 1m", method="RatioTimeslices"),
            slo(RAW, ", timeSliceWindow: 5m", method="RatioTimeslices"),
        ),
        (slo(RAW, ", timeSliceWindow: 1m", method="RatioTimeslices"), slo(RAW)),
    ],
)
def test_history_of_one_unit_is_not_gone_on_with_in_another(tmp_path: Path, before: str, after: str) -> None:
    apply(tmp_path, SERVICE, SOURCE, before)
    apply(tmp_path, after)
    apply(tmp_path, before)
    factories.ledger(Objective.objects.get(), seconds=300)
    (line,) = refused(tmp_path, after)
    assert "its history counts what it counted before" in line
    assert "catalog.yaml:" in line


def test_numbers_of_both_kinds_are_seconds_and_go_on(tmp_path: Path) -> None:
    apply(tmp_path, SERVICE, SOURCE, slo(RAW))
    factories.ledger(Objective.objects.get(), seconds=300)
    apply(tmp_path, slo(THRESHOLD, ", op: gte, value: 1"))
    assert Objective.objects.get().sli["query"] == "min(up)"


def test_time_needs_no_floor_of_events_unless_a_policy_asks_for_one(tmp_path: Path) -> None:
    apply(tmp_path, SERVICE, SOURCE, slo(RAW))
    item = Objective.objects.get()
    assert (item.minimum().events, item.minimum().bad) == (0, 0)
    factories.ledger(item, seconds=3_600, step=30, total=30, bad=lambda left: 30 if left < 120 else 0)
    status = selectors.status("promise", NOW)
    assert [window.severity for window in status.exceeded][:1] == ["page"]
