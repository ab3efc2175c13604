"""What is told together, and when; who hears of it; and when a receiver is left alone."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules import breaker, grouping, routing
from alerts.rules.breaker import Breaker
from alerts.rules.matchers import parse
from alerts.rules.routing import Route
from tests.factories import NOW

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ORDERS = {"service": "orders", "team": "shop", "severity": "page", "tier": "2", "kind": "burn"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("match", "heard"),
    [
        ("", True),
        ("service=orders", True),
        ("service!=orders", False),
        ('team=~"shop|web", tier="2"', True),
        ("severity=ticket", False),
        ("kind=burn", True),
        ("region=eu", False),
    ],
)
def test_a_channel_hears_what_satisfies_all_its_conditions(match: str, heard: bool) -> None:
    assert routing.wants(Route("team", frozenset({"page"}), parse(match)), ORDERS) is heard


def test_a_severity_it_did_not_ask_for_is_not_heard() -> None:
    assert not routing.wants(Route("team", frozenset({"ticket"})), ORDERS)


def test_a_channel_is_not_told_that_it_does_not_get_through() -> None:
    failing = {"kind": "delivery", "channel": "pager", "severity": "page"}
    assert not routing.wants(Route("pager", frozenset({"page"})), failing)
    assert routing.wants(Route("mail", frozenset({"page"})), failing)


@pytest.mark.parametrize(
    ("by", "text", "labels"),
    [
        (["service"], "service='orders'", {"service": "orders"}),
        (["team", "service", "team"], "service='orders',team='shop'", {"service": "orders", "team": "shop"}),
        (["region"], "", {}),
        ([], "", {}),
    ],
)
def test_a_group_is_named_by_what_its_alerts_share(by: list[str], text: str, labels: dict[str, str]) -> None:
    assert grouping.key(ORDERS, by) == grouping.Key(text, labels)


@settings(max_examples=60)
@given(st.dictionaries(TEXT, TEXT | st.text(min_size=300, max_size=400), max_size=4), st.data())
def test_keys_fit_and_differ_where_labels_do(labels: dict[str, str], data: st.DataObject) -> None:
    by = list(labels)
    one = grouping.key(labels, by)
    assert len(one.text) <= 255
    if filled := [name for name in by if labels[name]]:
        name = data.draw(st.sampled_from(filled))
        assert grouping.key({**labels, name: labels[name] + "x"}, by).text != one.text


@pytest.mark.parametrize(
    ("wanted", "opened", "storming", "storm"),
    [(5, 0, False, False), (6, 0, False, True), (1, 4, False, False), (1, 5, False, True), (1, 0, True, True)],
)
def test_more_groups_than_a_person_reads_are_a_storm(wanted: int, opened: int, storming: bool, storm: bool) -> None:
    assert grouping.storms(wanted, opened, storming=storming) is storm


@pytest.mark.parametrize(
    ("told", "wait", "over", "due"),
    [
        ([], 0, False, 0),
        ([], 30, False, 30),
        ([-60], 30, False, 0),
        ([-60, -50], 0, False, 0),
        ([-60, -50, -20], 0, False, 40),
        ([-60, -50, 35], 0, False, 95),
        ([-60, -50, -20], 0, True, 0),
        ([-900, -800, -20], 0, False, 0),
    ],
)
def test_a_group_speaks_three_times_at_once_then_a_minute_apart(
    told: list[float], wait: float, over: bool, due: float
) -> None:
    instants = [NOW + item * SECOND for item in told]
    assert grouping.due(NOW, instants, wait * SECOND, over=over) == NOW + due * SECOND


def fail(times: int, luck: float = 1.0, wish: float | None = None) -> Breaker:
    state = Breaker()
    for _ in range(times):
        state = breaker.failed(state, NOW, luck, wish)
    return state


@pytest.mark.parametrize(
    ("failures", "luck", "open_for"),
    [(4, 1, None), (5, 1, 30), (5, 0, 15), (6, 1, 60), (7, 1, 120), (8, 1, 240), (9, 1, 300), (500, 1, 300)],
)
def test_after_five_failures_a_receiver_is_left_alone_longer_each_time(
    failures: int, luck: float, open_for: float | None
) -> None:
    state = fail(failures, luck)
    assert (state.resume_at - NOW if state.resume_at else None) == (open_for and open_for * SECOND)
    assert breaker.state(state, NOW) == ("open" if open_for else "closed")
    assert breaker.state(state, NOW + 300 * SECOND) == ("half-open" if open_for else "closed")


@pytest.mark.parametrize(("wish", "patience"), [(90, 90), (1e12, 3_600), (-5, None), (0, None), (None, None)])
def test_patience_it_asks_for_is_given_up_to_an_hour(wish: float | None, patience: float | None) -> None:
    state = fail(1, wish=wish)
    assert state.resume_at == (NOW + patience * SECOND if patience else None)


def test_an_answer_closes_it() -> None:
    assert breaker.succeeded() == Breaker()
    assert breaker.state(breaker.succeeded(), NOW) == "closed"
