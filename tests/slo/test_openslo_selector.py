"""A histogram is named once, and its bucket is found however exporters spell the bound."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.utils import floatToGoString

from slo.errors import DefinitionError
from slo.openslo.selector import bucket, count, is_bare
from slo.sources.selector import parse


@pytest.mark.parametrize(
    "text",
    ["a", "job:requests:sum", 'a{b="c"}', "a{b='c', d=~`x.*`,}", "a{}", '{b="c"}', ' a { b != "}" } ', r'a{b="\""}'],
)
def test_selectors_are_bare(text: str) -> None:
    assert is_bare(text)


@pytest.mark.parametrize(
    "text", ["", "{}", "a[5m]", "a offset 5m", "a @ 5", "sum(a)", "a + b", "a > 1", 'a{b="c"', "a b", "a{b=c}", "1"]
)
def test_everything_else_is_not(text: str) -> None:
    assert not is_bare(text)


def test_the_counters_of_a_histogram() -> None:
    assert bucket('seconds{job="web"}', 0.3) == 'seconds_bucket{job="web",le=~"0[.]30*"}'
    assert bucket("seconds", 1) == 'seconds_bucket{le=~"1([.]0+)?"}'
    assert count('seconds{job="web",}') == 'seconds_count{job="web"}'
    assert count("seconds{}") == "seconds_count"


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        ("sum(a)", "does not name a histogram"),
        ('{__name__="a"}', "does not name a histogram"),
        ("a_bucket", "base name, a, without _bucket"),
        ("a_count", "base name, a, without _count"),
        ('a{le="1"}', "leave the label le out"),
    ],
)
def test_what_does_not_name_a_histogram_is_refused(selector: str, sentence: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(sentence)):
        bucket(selector, 1)


def test_a_label_value_that_looks_like_le_is_fine() -> None:
    assert count('a{b="le=5"}') == 'a_count{b="le=5"}'


@given(st.floats(min_value=1e-9, max_value=1e15) | st.integers(1, 10**9).map(float))
def test_every_spelling_of_a_bound_is_matched_and_no_other_number(bound: float) -> None:
    matcher = parse(bucket("seconds", bound)).matchers[0]
    spellings = {str(floatToGoString(bound)), repr(bound)}  # type: ignore[no-untyped-call]
    if bound.is_integer():
        spellings.add(str(int(bound)))
    assert all(matcher.matches({"le": text}) for text in spellings)
    assert not any(matcher.matches({"le": text}) for text in (repr(bound * 2), repr(bound / 2), f"1{bound!r}", "+Inf"))
