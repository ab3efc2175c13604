"""Selectors that differ in one label are asked together, each member of a family once and none that is not one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.sources.families import LEAST, MOST, Family, families
from slo.sources.selector import Matcher, Selector, parse, written


def found(*selectors: str) -> list[Family]:
    return list(families([(True, parse(selector)) for selector in selectors]))


def test_selectors_that_differ_in_one_label_are_one_family() -> None:
    (family,) = found(*(f'a_total{{job="x",service="s{n}",code=~"5.."}}' for n in range(3)))
    assert written(family.selector) == 'a_total{code=~"5..",job="x",service=~"s0|s1|s2"}'
    assert (family.label, family.members) == ("service", {"s0": [0], "s1": [1], "s2": [2]})


@pytest.mark.parametrize(
    "selectors",
    [
        ['a{b="1"}', 'a{b="2"}'],
        ['a{b="1"}', 'b{b="2"}', 'c{b="3"}'],
        ['a{b="1",c="1"}', 'a{b="2",c="2"}', 'a{b="3",c="3"}'],
        ['a{b="1"}', 'a{b="2"}', 'a{b=~"3"}', 'a{b!="4"}', "a", 'a{b=""}'],
        ['a{b="1",b="x"}', 'a{b="2",b="x"}', 'a{b="3",b="x"}'],
    ],
)
def test_what_differs_in_more_or_too_few_is_asked_alone(selectors: list[str]) -> None:
    assert found(*selectors) == []


def test_what_is_marked_differently_is_not_put_together() -> None:
    marked = [(number, parse(f'a{{b="{number}"}}')) for number in range(2 * LEAST)]
    assert list(families(marked)) == []


def test_a_family_gets_no_larger_than_its_answer_may_be() -> None:
    sizes = [len(family.members) for family in found(*(f'a{{b="{n}"}}' for n in range(2 * MOST + LEAST)))]
    assert sizes == [MOST, MOST, LEAST]


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4), min_size=LEAST, max_size=30))
def test_a_family_selects_its_members_and_nothing_else(values: list[str]) -> None:
    members = [Selector("a", (Matcher("b", "=", value),)) for value in values]
    for family in families([(True, member) for member in members]):
        again = parse(written(family.selector))
        for value in [*values, "", "x.y"]:
            assert again.matches({"b": value}) == (value in family.members)
        for value, places in family.members.items():
            assert [values[place] for place in places] == [value] * values.count(value)
