"""Selectors are read as Prometheus reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import QueryError
from slo.sources.promql import MANY, Target, braced, fused, named
from slo.sources.selector import Matcher, Selector, parse


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("up", Selector("up")),
        (" a:b_total {} ", Selector("a:b_total")),
        ('a{b="c"}', Selector("a", (Matcher("b", "=", "c"),))),
        ("a{b='c',d!=\"e\" , }", Selector("a", (Matcher("b", "=", "c"), Matcher("d", "!=", "e")))),
        (
            'a{ b=~"5..|4\\\\.x" , c !~ `raw\\d` }',
            Selector("a", (Matcher("b", "=~", "5..|4\\.x"), Matcher("c", "!~", "raw\\d"))),
        ),
        (r'a{b="x\"y\\z\n\x41\u00e9\101"}', Selector("a", (Matcher("b", "=", 'x"y\\z\nAéA'),))),
        ('a{b="},{"}', Selector("a", (Matcher("b", "=", "},{"),))),
    ],
)
def test_a_selector_is_a_name_and_matchers(text: str, selector: Selector) -> None:
    assert parse(text) == selector


@pytest.mark.parametrize(
    "text",
    ["", "5xx", "sum(a)", "a[5m]", "a offset 5m", "a{b}", "a{b=c}", 'a{b="c}', 'a{b="c"', 'a{b="c"}}', 'a{b="c" d="e"}',
     "a b", "a-b", '{b="c"}', "a{,}", "rate(a[5m])", 'a{b=="c"}', r'a{b="\d"}', r'a{b="\xz"}', "a # b", "a or b"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


@pytest.mark.parametrize(
    ("matcher", "value", "matches"),
    [
        ('b="x"', "x", True),
        ('b="x"', "", False),
        ('b=""', "", True),
        ('b!="x"', "", True),
        ('b=~"5.."', "503", True),
        ('b=~"5"', "503", False),
        ('b=~"5|.*3"', "503", True),
        ('b=~".+"', "", False),
        ('b!~"5.."', "200", True),
        ('b!~"5.."', "500", False),
        ('b=~"a.b"', "a\nb", True),
    ],
)
def test_matchers_match_whole_values(matcher: str, value: str, matches: bool) -> None:
    labels = {"b": value} if value else {}
    assert parse(f"a{{{matcher}}}").matches(labels) == matches


def test_a_broken_regular_expression_is_told_when_it_is_used() -> None:
    selector = parse('a{b=~"("}')
    with pytest.raises(QueryError, match="is no regular expression"):
        selector.matches({})


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20))
def test_any_value_can_be_written(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse(f'a{{b="{escaped}"}}').matchers[0].value == value


def test_a_comment_does_not_swallow_what_follows() -> None:
    text = fused([named("a # first", "1:good"), named("b", "2:good")])
    lines = [line.split("#")[0] for line in text.splitlines()]
    assert "".join(lines).count("(") == "".join(lines).count(")")


def test_targets_of_any_name_are_listed() -> None:
    (job, instance) = parse("a" + braced([Target("shop", 'we"ird\\'), Target("shop", "a.b")])).matchers
    assert job.matches({"job": "shop"})
    assert instance.matches({"instance": 'we"ird\\'})
    assert not instance.matches({"instance": "a-b"})


def test_more_targets_than_can_be_listed_are_all_asked() -> None:
    assert braced([Target("shop", str(number)) for number in range(MANY + 1)]) == ""
