"""Composite availability is exact: the reference models, every case counted out, and a simulation agree."""

import random
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.errors import DefinitionError
from slo.maths.composite.analysis import Analysis
from slo.maths.composite.answers import replicated
from slo.maths.composite.bounds import bounds
from slo.maths.composite.diagram import Diagram
from slo.maths.composite.events import probabilities, terms
from slo.maths.composite.system import CommonCause, Fallback, Maintenance, System, Unit, check, circle
from slo.maths.composite.terms import events
from slo.maths.structure import parse
from tests.slo.composite import enumerated, fallback, standby, system, systems, truth, units

PAIR = {"x": 0.99, "y": 0.99}


@pytest.mark.parametrize(
    ("structure", "availabilities", "expected"),
    [
        # FACTS, "Composite availability"
        ("all(a, b)", {"a": 0.99, "b": 0.98}, 0.99 * 0.98),
        ("any(a, b)", {"a": 0.99, "b": 0.98}, 1 - 0.01 * 0.02),
        ("at_least(2, a, b, c)", {"a": 0.9, "b": 0.9, "c": 0.9}, 3 * 0.9**2 * 0.1 + 0.9**3),
        ("at_least(2, a, b, c)", {"a": 0.9, "b": 0.8, "c": 0.7}, 1 - 0.098),
        ("all(all(auth, web), all(auth, db))", {"auth": 0.99, "web": 0.999, "db": 0.999}, 0.988021),
        ("any(all(auth, w1), all(auth, w2))", {"auth": 0.99, "w1": 0.999, "w2": 0.999}, 0.989999),
        # The fault tree fails where (P1 or V1) and (P2 or V2) fail; what is up is its dual.
        ("any(all(P1, V1), all(P2, V2))", {"P1": 0.4, "V1": 0.6, "P2": 0.3, "V2": 0.5}, 1 - 0.646),
        ("all(any(A, B), any(B, C))", {"A": 0.9, "B": 0.8, "C": 0.7}, 1 - 0.074),
        # Active-active in two regions that share one name service.
        ("all(dns, any(all(w1, d1), all(w2, d2)))", {"dns": 1.0, "w1": 0.9, "d1": 0.9, "w2": 0.9, "d2": 0.9}, 0.9639),
    ],
)
def test_a_shared_component_counts_once(structure: str, availabilities: dict[str, float], expected: float) -> None:
    result = Analysis(system(structure)).result(units(**availabilities))
    assert result.served.exact
    assert result.served.value == pytest.approx(expected, abs=5e-7)


def test_a_fallback_helps_as_far_as_it_covers_and_full_fidelity_stands_beside_it() -> None:
    result = Analysis(system("b", {"b": fallback("p", "f", 0.9)})).result(units(p=0.999, f=0.99))
    assert result.served.value == pytest.approx(0.999891)
    assert result.full.value == pytest.approx(0.999)


def test_an_alternative_that_needs_nothing_is_always_there() -> None:
    whole = System(parse("b"), {"b": Fallback(parse("p"), None, 0.6)})
    assert Analysis(whole).availability(units(p=0.999)) == pytest.approx(0.9996)


def test_a_fail_over_costs_its_time_at_every_failure() -> None:
    # MTBF 1000 h, MTTR 1 h: without a fail-over time .999999, with 60 s .999982.
    unit = Unit(1000 / 1001, repair=3600)
    for seconds, expected in ((0.0, 0.999999), (60.0, 0.999982)):
        analysis = Analysis(system("pair", {"pair": standby("x", "y", seconds)}))
        assert analysis.availability({"x": unit, "y": unit}) == pytest.approx(expected, abs=5e-7)


def test_a_switch_that_may_fail_is_in_the_way_of_the_standby() -> None:
    analysis = Analysis(system("pair", {"pair": standby("x", "y", 0.0, 0.8)}))
    assert analysis.availability(units(**PAIR)) == pytest.approx(0.99 + 0.01 * 0.8 * 0.99)


def test_a_common_cause_takes_the_share_beta_of_failures_from_all_of_them_at_once() -> None:
    analysis = Analysis(system("any(x, y)", common=[CommonCause(("x", "y"), 0.1)]))
    assert analysis.availability(units(**PAIR)) == pytest.approx((1 - 0.1 * 0.01) * (1 - (0.9 * 0.01) ** 2))


@pytest.mark.parametrize(
    ("structure", "rolling", "expected"),
    [
        ("any(x, y)", True, 0.98 * (1 - 0.01**2) + 0.02 * 0.99),
        ("any(x, y)", False, 1 - (1 - 0.99 * 0.99) ** 2),
        ("all(x, y)", True, 0.98 * 0.99**2),
    ],
)
def test_planned_maintenance_takes_components_out_never_two_at_once_if_it_rolls(
    structure: str, rolling: bool, expected: float
) -> None:
    analysis = Analysis(system(structure, maintenance=[Maintenance(("x", "y"), 0.01, rolling)]))
    assert analysis.availability(units(**PAIR)) == pytest.approx(expected)


@given(systems())
@settings(max_examples=80)
def test_every_case_counted_out_gives_the_same(drawn: tuple[System, dict[str, Unit]]) -> None:
    whole, numbers = drawn
    check(whole)
    of = probabilities(whole, numbers)
    for term in (terms(whole).served, terms(whole).full):
        met = {name: of[name] for name in events(term)}
        assert Diagram().function(term).probability(of) == pytest.approx(enumerated(term, met), abs=1e-12)


@given(systems())
@settings(max_examples=80)
def test_bounds_hold_the_exact_answer_and_more_cases_never_widen_them(drawn: tuple[System, dict[str, Unit]]) -> None:
    whole, numbers = drawn
    of = probabilities(whole, numbers)
    term = terms(whole).served
    exact = Diagram().function(term).probability(of)
    rough, fine = bounds(term, of, splits=0), bounds(term, of, splits=6)
    assert rough.low - 1e-9 <= exact <= rough.high + 1e-9
    assert fine.low - 1e-9 <= exact <= fine.high + 1e-9


def test_what_is_too_large_is_said_and_answered_with_bounds() -> None:
    mesh = " , ".join(f"at_least(2, c{i}, c{(i * 7 + 3) % 40}, c{(i * 11 + 5) % 40})" for i in range(40))
    whole = system(f"all({mesh})")
    numbers = {name: Unit(0.999) for name in whole.components()}
    exact, rough = Analysis(whole).result(numbers).served, Analysis(whole, limit=100).result(numbers).served
    assert exact.exact
    assert not rough.exact
    assert rough.value is None
    assert exact.value is not None
    assert rough.bounds.low <= exact.value <= rough.bounds.high
    assert rough.bounds.width < 1e-3


@pytest.mark.parametrize(
    ("whole", "place", "words"),
    [
        (system("b", {"b": fallback("p", "f", 1.5)}), "blocks.b.coverage", "from 0 to 1"),
        (system("b", {"b": standby("p", "f", float("nan"))}), "blocks.b.failover", "seconds"),
        (system("b", {"b": standby("p", "f", 1.0, -0.1)}), "blocks.b.switch", "from 0 to 1"),
        (system("b", {"b": fallback("c", "x", 0.5), "c": fallback("b", "y", 0.5)}), "blocks", "b → c → b"),
        (system("any(x, y)", common=[CommonCause(("x", "z"), 0.1)]), "common.0.components", "'z' is no component"),
        (system("any(x, y)", common=[CommonCause(("x", "y"), 2.0)]), "common.0.beta", "beta"),
        (system("any(x, y)", maintenance=[Maintenance(("x", "x"), 0.1)]), "maintenance.0.components", "twice"),
        (system("any(x, y)", maintenance=[Maintenance(("x", "y"), 0.6, True)]), "maintenance.0.share", "time"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(whole: System, place: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        check(whole)
    assert caught.value.field == place


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1, float("inf")])
def test_an_availability_that_is_none_is_refused_by_name(value: float) -> None:
    with pytest.raises(DefinitionError, match="an availability is from 0 to 1") as caught:
        Analysis(system("all(a, b)")).result(units(a=0.9, b=value))
    assert caught.value.field == "b"


def test_a_fail_over_without_a_repair_time_is_refused() -> None:
    with pytest.raises(DefinitionError, match="repair time"):
        Analysis(system("pair", {"pair": standby("x", "y", 60)})).result(units(**PAIR))


def test_a_circle_is_named_wherever_it_is() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": []}) == []
    assert circle({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d", "b"]
    assert circle({"a": ["a"]}) == ["a", "a"]


def test_a_simulation_with_repair_agrees_within_its_confidence_interval() -> None:
    """A Monte Carlo of failures and repairs: exponential times, a fallback that covers, a common cause."""
    whole = system(
        "all(gate, answering, at_least(2, n1, n2, n3))",
        {"answering": fallback("llm", "templates", 0.6)},
        common=[CommonCause(("n1", "n2", "n3"), 0.2)],
    )
    numbers = {
        name: Unit(value, repair=2.0)
        for name, value in {"gate": 0.99, "llm": 0.95, "templates": 0.98, "n1": 0.9, "n2": 0.9, "n3": 0.9}.items()
    }
    expected = Analysis(whole).availability(numbers)
    of = probabilities(whole, numbers)
    function = Diagram().function(terms(whole).served)
    generator = random.Random(20261121)
    batches = [_simulated(function.names, of, whole, generator) for _ in range(100)]
    mean = sum(batches) / len(batches)
    spread = sqrt(sum((batch - mean) ** 2 for batch in batches) / (len(batches) - 1))
    half = 3.2 * spread / sqrt(len(batches))  # 99.8 % of 99 degrees of freedom
    assert half < 0.0025, "the simulation is too short to tell anything"
    assert abs(mean - expected) < half


def _simulated(names: tuple[str, ...], of: dict[str, float], whole: System, generator: random.Random) -> float:
    """The share of a long time in which the served term holds; whether a fallback covers is drawn for each outage."""
    term, repair, horizon = terms(whole).served, 2.0, 6_000.0
    rates = {n: (1 - of[n]) / (of[n] * repair) for n in names if not n.startswith("cover:")}
    held = {n: generator.random() < of[n] for n in names}
    clock, good = 0.0, 0.0
    following = {n: generator.expovariate(rates[n] if held[n] else 1 / repair) for n in rates}
    while clock < horizon:
        name = min(following, key=following.__getitem__)
        until = min(following[name], horizon)
        good += (until - clock) * truth(term, held)
        clock = until
        held[name] = not held[name]
        following[name] = clock + generator.expovariate(rates[name] if held[name] else 1 / repair)
        held |= {n: generator.random() < of[n] for n in names if n.startswith("cover:")}
    return good / horizon


def test_a_simulation_of_fail_over_and_maintenance_agrees_within_its_confidence_interval() -> None:
    """A pair with a fail-over time and a switch beside two of which one is always maintained a while, second by second.

    Unlike the formula, here the switching takes its time at every failure of the active one, and a switch that did not
    work stays so until the repair.
    """
    whole = system(
        "all(pair, any(c, d))",
        {"pair": standby("a", "b", 120.0, 0.98)},
        maintenance=[Maintenance(("c", "d"), 0.05, rolling=True)],
    )
    numbers = {name: Unit(0.97, repair=600.0) for name in "abcd"}
    expected = Analysis(whole).availability(numbers)
    generator = random.Random(20261121)
    batches = [_with_fail_over(generator) for _ in range(100)]
    mean = sum(batches) / len(batches)
    half = 3.2 * sqrt(sum((batch - mean) ** 2 for batch in batches) / 99 / 100)  # 99.8 % of 99 degrees of freedom
    assert half < 0.0009, "the simulation is too short to tell anything"
    # The formula is of first order in the fail-over time: of λ·t_f, 0.006 here, a twentieth is out anyway.
    assert abs(mean - expected) < half + 3e-4
    unaware = Analysis(system("all(any(a, b), any(c, d))")).availability(numbers)
    assert abs(mean - unaware) > 3 * half


def _with_fail_over(generator: random.Random, horizon: float = 1_600_000.0) -> float:
    """The share of the time in which that system serves; every 20,000 s, c and d are out for 1,000 s each, in turn."""
    up, clock, good, switching_until, takes_over = dict.fromkeys("abcd", True), 0.0, 0.0, 0.0, True
    rate = {True: 0.03 / 0.97 / 600.0, False: 1 / 600.0}
    following = {name: generator.expovariate(rate[True]) for name in "abcd"}
    while clock < horizon:
        phase = clock % 20_000.0
        edges = [clock - phase + edge for edge in (1_000.0, 10_000.0, 11_000.0, 20_000.0)]
        until = min(*following.values(), *(edge for edge in edges if edge > clock + 1e-6), horizon)
        until = min(until, switching_until) if clock < switching_until else until
        pair = clock >= switching_until and (up["a"] or (takes_over and up["b"]))
        c, d = up["c"] and phase >= 1_000.0, up["d"] and not 10_000.0 <= phase < 11_000.0
        good += (until - clock) * (pair and (c or d))
        clock = until
        for name in [name for name in up if following[name] <= clock]:
            up[name] = not up[name]
            following[name] = clock + generator.expovariate(rate[up[name]])
            if name == "a" and not up["a"]:
                switching_until, takes_over = clock + 120.0, generator.random() < 0.98
    return good / horizon


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7), st.data())
@settings(max_examples=60)
def test_k_of_n_unequal_parts_is_the_recursion_of_facts(chances: list[float], data: st.DataObject) -> None:
    """P_j(m) = A_j P_{j-1}(m-1) + (1-A_j) P_{j-1}(m), written out as it stands there."""

    def recursion(j: int, m: int) -> float:
        if m == 0 or j == 0:
            return float(m == 0)
        return chances[j - 1] * recursion(j - 1, m - 1) + (1 - chances[j - 1]) * recursion(j - 1, m)

    k = data.draw(st.integers(1, len(chances)))
    names = [f"n{i}" for i in range(len(chances))]
    analysis = Analysis(system(f"at_least({k}, {', '.join(names)})"))
    numbers = dict(zip(names, map(Unit, chances), strict=True))
    assert analysis.availability(numbers) == pytest.approx(recursion(len(chances), k), abs=1e-12)


@pytest.mark.parametrize(
    ("structure", "availabilities", "naive"),
    [
        ("all(all(auth, web), all(auth, db))", {"auth": 0.99, "web": 0.999, "db": 0.999}, 0.978141),
        ("any(all(auth, w1), all(auth, w2))", {"auth": 0.99, "w1": 0.999, "w2": 0.999}, 0.999879),
        ("all(any(A, B), any(B, C))", {"A": 0.9, "B": 0.8, "C": 0.7}, 1 - 0.0788),
    ],
)
def test_the_naive_value_that_counts_shared_components_twice_is_not_given(
    structure: str, availabilities: dict[str, float], naive: float
) -> None:
    assert abs(Analysis(system(structure)).availability(units(**availabilities)) - naive) > 1e-3


def test_what_is_down_is_down_whatever_it_shares_and_does_not_fail_again_and_again() -> None:
    shared = Analysis(system("any(x, y)", common=[CommonCause(("x", "y"), 1.0)]))
    assert shared.availability(units(x=0.0, y=0.99)) == pytest.approx(0.99)
    pair = Analysis(system("pair", {"pair": standby("x", "y", 60.0)}))
    numbers = {"x": Unit(0.0, repair=300.0), "y": Unit(0.99, repair=300.0)}
    assert pair.availability(numbers) == pytest.approx(0.99)


def test_replicas_are_down_together_more_briefly_than_one() -> None:
    """n of them fail together as often as the chance that all are down, times n repairs under way."""
    assert replicated(Unit(0.99, repair=600.0), 3).repair == pytest.approx(200.0)
    assert replicated(Unit(0.99, repair=600.0), 3, 1.0).repair == pytest.approx(600.0)
    assert replicated(Unit(1 - 1e-200, repair=600.0), 3).availability == 1.0
