"""Matchers are read and match as Alertmanager does it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.errors import MatcherError
from alerts.rules.matchers import LONGEST_VALUE, Matcher, is_empty, matches_all, parse, parse_all, written


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("", ()),
        ("{}", ()),
        (" { } ", ()),
        ('service="orders"', (Matcher("service", "=", "orders"),)),
        ('{service="orders"}', (Matcher("service", "=", "orders"),)),
        (
            'service="orders", severity=~"page|ticket"',
            (Matcher("service", "=", "orders"), Matcher("severity", "=~", "page|ticket")),
        ),
        (
            "{ service != 'orders' ,tier!~\"1|2\", }",
            (Matcher("service", "!=", "orders"), Matcher("tier", "!~", "1|2")),
        ),
        ("service=orders,tier=1", (Matcher("service", "=", "orders"), Matcher("tier", "=", "1"))),
        ('team=""', (Matcher("team", "=", ""),)),
        (r'a="x\"y\\z\n"', (Matcher("a", "=", 'x"y\\z\n'),)),
        (r'a=~"5\d\d"', (Matcher("a", "=~", r"5\d\d"),)),
        ('a="},{"', (Matcher("a", "=", "},{"),)),
        ('team="Zahlungen – Köln"', (Matcher("team", "=", "Zahlungen – Köln"),)),
    ],
)
def test_matchers_are_conditions_parted_by_commas(text: str, matchers: tuple[Matcher, ...]) -> None:
    assert parse(text) == matchers


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("orders", "after orders comes"),
        ("service=", "the value of service"),
        ('service="orders', "the value of service"),
        ('service="orders" tier="1"', "'tier=\"1\"': matchers are parted by commas"),
        ('{service="orders"', "nothing closes"),
        ('service="orders"}', "parted by commas"),
        (",", "does not begin with a label"),
        ('a="1",,b="2"', "does not begin with a label"),
        ('5xx="1"', "does not begin with a label"),
        ('ärger="1"', "does not begin with a label"),
        ('a=="1"', "the value of a"),
        ('a=~"("', "a: '(' is no regular expression"),
        (r'a=~"(x)\\1"', "no regular expression"),
        ('a=~"(?=x)"', "no regular expression"),
        ('a=~"x{1001}"', "no regular expression"),
        (f'a="{"x" * (LONGEST_VALUE + 1)}"', "a: a value has at most 500 characters"),
        ("a=1," * 21, "at most 20 matchers"),
        ("a" * 5_000, "at most 4000 characters"),
        ('a="\0"', "no text"),
        ('a="\ud800"', "no text"),
    ],
)
def test_an_error_names_the_part(text: str, part: str) -> None:
    with pytest.raises(MatcherError) as error:
        parse(text)
    assert part in str(error.value)


@pytest.mark.parametrize(
    ("matcher", "value", "matches"),
    [
        ('b="x"', "x", True),
        ('b="x"', "X", False),
        ('b="x"', "", False),
        ('b=""', "", True),
        ('b!="x"', "", True),
        ('b!="x"', "x", False),
        ('b=~"5.."', "503", True),
        ('b=~"5"', "503", False),
        ('b=~"5|.*3"', "503", True),
        ('b=~"a|b"', "ab", False),
        ('b=~".+"', "", False),
        ('b=~".*"', "", True),
        ('b!~"5.."', "200", True),
        ('b!~"5.."', "500", False),
        ('b!~".+"', "", True),
        ('b=~"K(ö|oe)ln"', "Köln", True),
        ('b=~"."', "\ud800", True),
    ],
)
def test_a_matcher_matches_whole_values_and_an_absent_label_is_empty(matcher: str, value: str, matches: bool) -> None:
    labels = {"b": value} if value else {}
    assert parse(matcher)[0].matches(labels) == matches


def test_all_of_them_have_to_hold() -> None:
    both = parse_all(['service="orders"', "severity=page"])
    assert matches_all(both, {"service": "orders", "severity": "page", "team": "shop"})
    assert not matches_all(both, {"service": "orders", "severity": "ticket"})
    assert matches_all((), {})


@pytest.mark.parametrize(("text", "empty"), [("", True), ('a=""', True), ('a!="x"', True), ("a=x", False)])
def test_what_matches_anything_is_known(text: str, empty: bool) -> None:
    assert is_empty(parse(text)) == empty


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|aa)+$", "(.*)*x", ".*.*.*.*.*.*x", "(a?){500}a{500}"])
def test_no_expression_takes_long(expression: str) -> None:
    matcher = Matcher("b", "=~", expression)
    began = time.perf_counter()
    assert not matcher.matches({"b": "a" * 20_000 + "!"})
    assert time.perf_counter() - began < 1


MATCHERS = st.builds(
    Matcher,
    label=st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,20}", fullmatch=True),
    op=st.sampled_from(["=", "!="]),
    value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
)


@given(st.lists(MATCHERS, max_size=8))
@settings(max_examples=100)
def test_what_is_written_is_read_again(matchers: list[Matcher]) -> None:
    assert parse(written(matchers)) == tuple(matchers)
    assert parse(f"{{{written(matchers)}}}") == tuple(matchers)


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        matchers = parse(text)
    except MatcherError:
        return
    assert parse(written(matchers)) == matchers
