"""What matters in a system, and what a promise allows or needs, by their definitions."""

import pytest
from hypothesis import given, settings

from slo.maths.composite.allocation import Allotment, allocate
from slo.maths.composite.analysis import Analysis
from slo.maths.composite.answers import (
    Option,
    cheapest,
    coverage_needed,
    outage_survived,
    replicas_needed,
    replicated,
)
from slo.maths.composite.diagram import Diagram
from slo.maths.composite.events import terms
from slo.maths.composite.importance import cut_sets
from slo.maths.composite.system import System, Unit
from tests.slo.composite import cases, expressions, fallback, system, systems, truth, units

TREE = system("any(all(P1, V1), all(P2, V2))")
NUMBERS = units(P1=0.4, V1=0.6, P2=0.3, V2=0.5)


@pytest.mark.parametrize(
    ("name", "birnbaum", "criticality", "dif", "raw", "rrw"),
    [
        ("P1", 0.51, 0.4737, 0.7895, 1.316, 1.9),
        ("P2", 0.38, 0.4118, 0.8235, 1.176, 1.7),
        ("V1", 0.34, 0.2105, 0.5263, 1.316, 1.267),
        ("V2", 0.228, 0.1765, 0.5882, 1.176, 1.214),
    ],
)
def test_importance_is_that_of_the_reference_model(
    name: str, birnbaum: float, criticality: float, dif: float, raw: float, rrw: float
) -> None:
    found = {item.name: item for item in Analysis(TREE).importances(NUMBERS)}[name]
    shown = (found.birnbaum, found.criticality, found.fussell_vesely, found.raw, found.rrw)
    assert shown == pytest.approx((birnbaum, criticality, dif, raw, rrw), rel=5e-4)


@given(systems())
@settings(max_examples=50)
def test_birnbaum_is_the_difference_a_component_makes(drawn: tuple[System, dict[str, Unit]]) -> None:
    whole, numbers = drawn
    plain = System(whole.structure, whole.blocks)
    analysis = Analysis(plain)
    for item in analysis.importances(numbers):
        up, down = (analysis.availability({**numbers, item.name: Unit(value)}) for value in (1.0, 0.0))
        assert item.birnbaum == pytest.approx(up - down, abs=1e-9)


def test_without_any_outage_ratios_are_not_known() -> None:
    found = Analysis(system("all(a, b)")).importances(units(a=1.0, b=1.0))
    assert [(item.birnbaum, item.raw) for item in found] == [(1.0, None), (1.0, None)]


@given(expressions.map(System))
@settings(max_examples=80)
def test_cut_sets_are_the_smallest_outages_that_take_everything_down(whole: System) -> None:
    term = terms(whole).served
    known = whole.components()
    failing = [
        frozenset(name for name, up in held.items() if not up)
        for held, _ in cases(dict.fromkeys(known, 0.5))
        if not truth(term, held)
    ]
    smallest = {cut for cut in failing if not any(other < cut for other in failing)}
    found = cut_sets(Diagram().function(term))
    assert found.complete
    assert set(found.sets) == smallest
    assert [len(cut) for cut in found.sets] == sorted(len(cut) for cut in smallest)


def test_a_fallback_that_does_not_cover_is_part_of_a_cut_set() -> None:
    found = Analysis(system("b", {"b": fallback("p", "f", 0.9)})).cut_sets(10)
    assert set(found.sets) == {frozenset({"p", "f"}), frozenset({"p", "cover:b"})}


def test_more_cut_sets_than_wanted_are_said_to_be_more() -> None:
    pairs = ", ".join(f"any(a{i}, b{i})" for i in range(30))
    found = Analysis(system(f"all({pairs})")).cut_sets(10)
    assert len(found.sets) == 10
    assert not found.complete


def test_the_coverage_needed_is_the_least_that_keeps_the_promise() -> None:
    analysis = Analysis(system("b", {"b": fallback("p", "f", 0.0)}))
    numbers = units(p=0.999, f=0.99)
    needed = coverage_needed(analysis, numbers, 0.9995)
    assert needed == pytest.approx((0.9995 - 0.999) / (0.001 * 0.99))
    assert needed is not None
    assert analysis.availability(numbers, {"b": needed}) >= 0.9995
    assert coverage_needed(analysis, numbers, 0.99) == 0.0
    assert coverage_needed(analysis, numbers, 0.99999999) is None


def test_the_redundancy_needed_is_the_smallest_number_that_is_enough() -> None:
    analysis = Analysis(system("all(web, db)"))
    numbers = units(web=0.99, db=0.9999)
    assert replicas_needed(analysis, numbers, 0.9, "web") == 1
    assert replicas_needed(analysis, numbers, 0.9995, "web") == 2
    assert replicas_needed(analysis, numbers, 0.99989, "web") == 3
    assert replicas_needed(analysis, numbers, 0.99995, "web") is None
    assert replicas_needed(analysis, numbers, 0.9995, "web", beta=0.1) is None


def test_replicas_with_a_common_cause_are_worse_than_without() -> None:
    assert replicated(Unit(0.99), 2).availability == pytest.approx(1 - 0.01**2)
    assert replicated(Unit(0.99), 2, 0.1).availability == pytest.approx((1 - 0.009**2) * (1 - 0.001))


def test_the_outage_survived_leaves_the_promise_just_kept() -> None:
    analysis, numbers, month = Analysis(system("all(web, db)")), units(web=0.9999, db=0.9999), 30 * 86_400.0
    seconds = outage_survived(analysis, numbers, 0.9995, "web", month)
    assert seconds is not None
    share = seconds / month
    assert 1 - (share + (1 - share) * 0.0001) == pytest.approx(0.9995, abs=1e-7)
    assert outage_survived(analysis, numbers, 0.99995, "web", month) == 0.0


def test_an_outage_nobody_notices_has_no_limit() -> None:
    analysis = Analysis(system("any(a, b)"))
    assert outage_survived(analysis, units(a=0.9, b=0.9999), 0.999, "a", 1.0) is None


OPTIONS = [
    Option("two webs", "web", 0.9999, 100.0),
    Option("better web", "web", 0.995, 30.0),
    Option("managed db", "db", 0.9999, 60.0),
    Option("gold plate", "db", 1.0, 1000.0),
]


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (0.9, set()),
        (0.985, {"better web"}),
        (0.993, {"better web", "managed db"}),
        (0.9997, {"two webs", "managed db"}),
        (0.99995, None),
    ],
)
def test_the_next_nine_is_the_cheapest_set_of_changes(target: float, names: set[str] | None) -> None:
    analysis, numbers = Analysis(system("all(web, db)")), units(web=0.99, db=0.99)
    plan = cheapest(analysis, numbers, target, OPTIONS)
    if names is None:
        assert plan is None
        return
    assert plan is not None
    assert {option.name for option in plan.options} == names
    assert plan.cheapest
    assert plan.availability >= target


def test_a_plan_found_step_by_step_does_not_claim_to_be_the_cheapest() -> None:
    analysis, numbers = Analysis(system("all(web, db)")), units(web=0.99, db=0.99)
    plan = cheapest(analysis, numbers, 0.993, OPTIONS, most=1)
    assert plan is not None
    assert not plan.cheapest
    assert plan.availability >= 0.993


def test_an_allocation_shows_who_overspends() -> None:
    rows = [Allotment("gate", 0.9999), Allotment("llm", 0.999), Allotment("db", 0.9999, share=0.1)]
    found = allocate(0.9995, rows, {"gate": 0.99995, "llm": None, "db": 0.9998}, {"gate": 1.0, "llm": 0.4, "db": 1.0})
    assert [(row.name, row.overspends) for row in found.rows] == [("llm", False), ("gate", False), ("db", True)]
    assert [row.allotted for row in found.rows] == pytest.approx([0.8, 0.2, 0.1])
    assert [row.spent or 0.0 for row in found.rows] == pytest.approx([0.0, 0.1, 0.4])
    assert found.rows[0].spent is None
    assert found.allotted == pytest.approx(1.1)
    assert not found.fits
    assert found.spent == pytest.approx(0.5)
