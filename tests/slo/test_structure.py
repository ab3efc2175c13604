"""Structure expressions: read, written back, evaluated; and refused with the place of the mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import ExpressionError
from slo.maths.structure import DEEPEST, LONGEST, Expression, Group, Part, holds, missing, names, parse


def test_a_name_may_have_hyphens_underscores_and_digits() -> None:
    assert parse("api-gateway_2") == Part("api-gateway_2")


def test_groups_nest_and_white_space_is_free() -> None:
    found = parse(" all ( web ,\n any(db-1, db-2),at_least( 2 , a,b,c) ) ")
    assert str(found) == "all(web, any(db-1, db-2), at_least(2, a, b, c))"
    assert names(found) == {"web", "db-1", "db-2", "a", "b", "c"}


def test_the_words_of_groups_are_names_where_no_bracket_follows() -> None:
    assert str(parse("all(any, at_least)")) == "all(any, at_least)"


@pytest.mark.parametrize(
    ("text", "up", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("all(a, b)", "ab", True),
        ("all(a, b)", "a", False),
        ("any(a, b)", "b", True),
        ("any(a, b)", "", False),
        ("at_least(2, a, b, c)", "ac", True),
        ("at_least(2, a, b, c)", "c", False),
        ("any(all(a, b), c)", "c", True),
        ("any(all(a, b), c)", "b", False),
        ("at_least(1, a)", "a", True),
    ],
)
def test_an_expression_holds_when_enough_of_its_parts_are_up(text: str, up: str, expected: bool) -> None:
    assert holds(parse(text), set(up)) is expected


@pytest.mark.parametrize(
    ("text", "up", "expected"),
    [
        ("all(a, b)", "ab", ""),
        ("all(a, b)", "a", "b"),
        ("any(a, b)", "", "ab"),
        ("all(any(a, b), c)", "b", "c"),
        ("any(a, all(b, c))", "c", "ab"),
        ("at_least(2, a, b, c)", "c", "ab"),
    ],
)
def test_what_is_missing_is_what_would_make_it_hold(text: str, up: str, expected: str) -> None:
    assert missing(parse(text), set(up)) == set(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expression ends where a component name"),
        ("   ", "the expression ends where a component name"),
        ("all(a, b", "the expression ends where ',' or ')' is needed"),
        ("all(a,)", "position 7: ')' stands where a component name"),
        ("all()", "position 5: ')' stands where a component name"),
        ("all(a b)", "position 7: 'b' stands where ',' or ')' is needed"),
        ("a, b", "position 2: ',' comes after the end"),
        ("a or b", "position 3: 'or' comes after the end"),
        ("all(a) b", "position 8: 'b' comes after the end"),
        ("none(a)", "position 1: 'none' is no group"),
        ("all(a, b.c)", "position 9: '.' is not of the language"),
        ("all(a,  ö)", "position 9: 'ö' is not of the language"),
        ("at_least(a, b)", "position 10: at_least(k, …) starts with a whole number"),
        ("at_least(0, b)", "position 10: at_least(k, …) starts with a whole number from 1 on, not '0'"),
        ("at_least(3, a, b)", "position 1: at_least(3, …) can never hold with 2 parts"),
        ("at_least(2)", "position 11: ')' stands where ',' is needed"),
        ("at_least", None),
        ("any(a, all(b, b))", "position 8: all(…) lists b twice"),
        ("(a)", "position 1: '(' stands where a component name"),
        ("a" * 101, "position 1: a name has at most 100 characters, this one 101"),
        ("a" * (LONGEST + 1), f"the expression has {LONGEST + 1} characters; at most {LONGEST} are read"),
        ("all(" * DEEPEST + "a" + ")" * DEEPEST, "groups are nested more than 19 deep"),
    ],
)
def test_a_mistake_is_told_with_its_position(text: str, message: str | None) -> None:
    if message is None:
        assert parse(text) == Part(text)
        return
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message in str(caught.value)


parts = st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True).map(Part)


def groups(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=1, max_size=4, unique=True)
    return several.flatmap(lambda ps: st.integers(1, len(ps)).map(lambda need: Group(need, tuple(ps))))


expressions: st.SearchStrategy[Expression] = st.recursive(parts, groups, max_leaves=12)


@given(expressions)
def test_what_is_written_reads_back_as_the_same(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(expressions, st.data())
def test_more_components_up_never_make_it_worse(expression: Expression, data: st.DataObject) -> None:
    known = sorted(names(expression))
    up = data.draw(st.sets(st.sampled_from(known)))
    more = up | data.draw(st.sets(st.sampled_from(known)))
    assert holds(expression, more) >= holds(expression, up)


@given(expressions, st.data())
def test_bringing_back_what_is_missing_makes_it_hold(expression: Expression, data: st.DataObject) -> None:
    up = data.draw(st.sets(st.sampled_from(sorted(names(expression)))))
    assert holds(expression, up | missing(expression, up))
    assert not missing(expression, up) & up


@given(st.text(alphabet="all(any,)at_lest123 -xö\n\x00", max_size=60))
def test_any_text_is_either_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        found = parse(text)
    except ExpressionError:
        return
    assert parse(str(found)) == found
