"""Translating documents of other tools: whatever they hold, every field is used, told as lost, or refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.maths.burn import SRE_TABLE, scale
from slo.openslo import pyrra, sloth
from slo.openslo.foreign import Setting, Translation, known_runbook
from slo.openslo.nodes import Tree
from slo.openslo.tools import translator

SETTING = Setting("prom", frozenset({"orders-down"}))
SLO: dict[str, Any] = {
    "name": "answers",
    "objective": 99.9,
    "sli": {
        "events": {
            "error_query": "sum(rate(bad[{{.window}}]))",
            "total_query": "sum(rate(total[{{.window}}]))",
        }
    },
}
SLOTH: dict[str, Any] = {"version": sloth.VERSION, "service": "web", "slos": [SLO]}
PYRRA: dict[str, Any] = {
    "apiVersion": pyrra.API,
    "kind": pyrra.KIND,
    "metadata": {"name": "web"},
    "spec": {
        "target": "99",
        "window": "4w",
        "indicator": {"ratio": {"errors": {"metric": "a"}, "total": {"metric": "b"}}},
    },
}


def translated(value: dict[str, Any]) -> Translation:
    translation = Translation(Tree(value, 1, {}), "slo.yaml")
    translate = translator(value)
    assert translate is not None
    translate(translation, SETTING)
    translation.finish()
    return translation


def slos(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree.value for tree in translated(value).trees if tree.value["kind"] == "SLO"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = (
    ("service",),
    ("labels",),
    ("slos",),
    ("slos", 0),
    ("slos", 0, "name"),
    ("slos", 0, "objective"),
    ("slos", 0, "sli"),
    ("slos", 0, "sli", "events"),
    ("slos", 0, "sli", "events", "error_query"),
    ("slos", 0, "sli", "raw"),
    ("slos", 0, "alerting"),
    ("slos", 0, "labels"),
)
PYRRAS = (
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "labels"),
    ("spec",),
    ("spec", "target"),
    ("spec", "window"),
    ("spec", "indicator"),
    ("spec", "indicator", "ratio"),
    ("spec", "indicator", "bool_gauge"),
    ("spec", "alerting"),
)


def changed(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    """A copy with another value at a place."""
    if not place:
        return new
    if isinstance(value, list):
        return [changed(item, place[1:], new) if i == place[0] else item for i, item in enumerate(value)]
    return {**value, place[0]: changed(value.get(place[0], {}), place[1:], new)}


@given(st.sampled_from([(SLOTH, p) for p in PLACES] + [(PYRRA, p) for p in PYRRAS]), anything)
def test_no_document_of_another_tool_is_too_strange_to_be_judged(
    where: tuple[dict[str, Any], tuple[str | int, ...]], strange: Any
) -> None:
    translation = translated(changed(*where, strange))
    assert translation.trees or translation.errors or translation.warnings
    assert all(error.file == "slo.yaml" and error.line for error in translation.errors + translation.warnings)


HOLDERS = [
    *((SLOTH, place) for place in ((), ("slos", 0), ("slos", 0, "sli"), ("slos", 0, "alerting"), ("labels",))),
    *((SLOTH, ("slos", 0, "sli", "events")), (SLOTH, ("slos", 0, "alerting", "page_alert"))),
    *((PYRRA, place) for place in ((), ("metadata",), ("spec",), ("spec", "indicator"), ("spec", "alerting"))),
    (PYRRA, ("spec", "indicator", "ratio", "errors")),
]


@pytest.mark.parametrize(("value", "holder"), HOLDERS)
def test_a_field_that_nobody_knows_is_told(value: dict[str, Any], holder: tuple[str | int, ...]) -> None:
    translation = translated(changed(value, (*holder, "unheard-of"), 1))
    assert [(note.message, note.field) for note in translation.warnings] == [
        ("not carried over: unheard-of", ".".join(map(str, holder)))
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("orders-down", "orders-down"),
        ("https://wiki.test/a/orders-down.md?x=1#top", "orders-down"),
        ("https://wiki.test/orders-down/", "orders-down"),
        ("https://wiki.test/other", ""),
        ("", ""),
        ("///", ""),
    ],
)
def test_a_runbook_is_known_by_the_end_of_its_address(text: str, found: str) -> None:
    assert known_runbook(text, SETTING.runbooks) == found


@pytest.mark.parametrize(
    "query",
    [
        'sum(rate(http_requests_total{job="web"}[{{.window}}]))',
        'sum(increase(http_requests_total{job="web"}[{{ .window }}]))',
        '\n  (sum( rate ( http_requests_total{job="web"} [ {{.window}} ] ) ))\n',
    ],
)
def test_a_summed_rate_is_the_counter_itself(query: str) -> None:
    ratio = slos(changed(SLOTH, ("slos", 0, "sli", "events"), {"error_query": query, "total_query": query}))[0]
    metric = ratio["spec"]["indicator"]["spec"]["ratioMetric"]
    assert metric["counter"] is True
    assert metric["bad"]["metricSource"]["spec"]["query"] == 'http_requests_total{job="web"}'


@pytest.mark.parametrize(
    "query",
    [
        "sum(rate(a[{{.window}}])) - sum(rate(b[{{.window}}]))",
        "sum(rate(a[{{.window}}] offset 5m))",
        "sum by (job) (rate(a[{{.window}}]))",
        "max(rate(a[{{.window}}]))",
        "sum(rate(a[5m]))",
        "a",
    ],
)
def test_any_other_query_is_passed_on_unchanged(query: str) -> None:
    ratio = slos(changed(SLOTH, ("slos", 0, "sli", "events", "error_query"), query))[0]
    metric = ratio["spec"]["indicator"]["spec"]["ratioMetric"]
    assert metric["counter"] is False
    assert metric["bad"]["metricSource"]["spec"]["query"] == query
    assert metric["total"]["metricSource"]["spec"]["query"] == "sum(rate(total[{{.window}}]))"


def test_the_default_windows_are_sloths_own() -> None:
    # pkg/prometheus/alertwindows/v1 of Sloth, google-30d: 2 %, 5 %, 10 % and 10 % of the budget.
    assert [(w.severity, w.long, w.short, round(w.factor, 6)) for w in scale(SRE_TABLE, sloth.PERIOD)] == [
        ("page", 3_600, 300, 14.4),
        ("page", 21_600, 1_800, 6),
        ("ticket", 86_400, 7_200, 3),
        ("ticket", 259_200, 21_600, 1),
    ]
