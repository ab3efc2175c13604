"""What follows from something more important is held back, and told as soon as it stands alone."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.models import Alert, Transition
from alerts.rules.inhibition import RULES, Firing, Rule, held_back
from alerts.rules.matchers import matches_all, parse
from alerts.services.evaluate import evaluate
from slo.models import BurnPolicy, SourceState
from tests.alerts.world import HOUR_WINDOW, burning, channel, extend, owed
from tests.factories import NOW, ledger, objective, service, source

MINUTE = timedelta(minutes=1)

PAGE = {"kind": "burn", "severity": "page", "service": "shop", "source": "p"}
TICKET = {**PAGE, "severity": "ticket"}
SOURCE = {"kind": "source", "severity": "page", "source": "p"}


def held(*labels: dict[str, str], rules: tuple[Rule, ...] = RULES) -> dict[int, int]:
    """By the position of each that is held back, the position of what holds it; the later ones fired first."""
    firing = [Firing(pk, one, NOW - pk * MINUTE) for pk, one in enumerate(labels)]
    return {pk: by for pk, (by, _) in held_back(firing, rules).items()}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param([TICKET, PAGE], {0: 1}, id="a page holds back the ticket of its service"),
        pytest.param([PAGE, TICKET], {1: 0}, id="whichever came first"),
        pytest.param([TICKET, {**PAGE, "service": "desk"}], {}, id="not that of another service"),
        pytest.param([TICKET, TICKET], {}, id="tickets hold back nothing"),
        pytest.param([PAGE, PAGE], {}, id="pages are all told"),
        pytest.param([{**TICKET, "kind": "budget"}, PAGE], {0: 1}, id="nor the step of a budget while it burns"),
        pytest.param([{**TICKET, "service": ""}, {**PAGE, "service": ""}], {}, id="no service is no common service"),
        pytest.param([PAGE, SOURCE], {0: 1}, id="a dead source holds back the pages of its objectives"),
        pytest.param([{**PAGE, "source": "q"}, SOURCE], {}, id="not those of another source"),
        pytest.param([{**TICKET, "kind": "no-data"}, SOURCE], {0: 1}, id="and that they have no data"),
        pytest.param([TICKET, PAGE, SOURCE], {0: 2, 1: 2}, id="what is held back holds back nothing itself"),
        pytest.param(
            [{**TICKET, "source": "q"}, PAGE, SOURCE], {1: 2}, id="so what only it would have held back is told"
        ),
    ],
)
def test_what_is_held_back(labels: list[dict[str, str]], expected: dict[int, int]) -> None:
    assert held(*labels) == expected


def test_rules_that_would_hold_back_each_other_leave_one_to_be_told() -> None:
    mutual = (Rule(parse("a=~x|y"), parse("a=~x|y"), ("service",), "either"),)
    assert held({"a": "x", "service": "s"}, {"a": "y", "service": "s"}, rules=mutual) == {0: 1}


VALUES = st.sampled_from(["", "a", "b"])
LABELS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["burn", "no-data", "completeness", "budget", "source", "delivery"]),
        "severity": st.sampled_from(["page", "ticket"]),
        "service": VALUES,
        "source": VALUES,
        "objective": VALUES,
    }
)
CONDITION = st.sampled_from(["", "severity=page", "severity=ticket", "kind=burn", "kind=source", "service=a"])
ANY_RULE = st.builds(
    lambda a, b, equal: Rule(parse(a), parse(b), equal, ""),
    CONDITION,
    CONDITION,
    st.lists(st.sampled_from(["service", "source", "objective"]), max_size=2).map(tuple),
)


@settings(max_examples=80)
@given(st.lists(LABELS, max_size=8), st.lists(ANY_RULE, max_size=4).map(tuple))
def test_behind_everything_that_is_not_told_is_something_that_is(
    labels: list[dict[str, str]], rules: tuple[Rule, ...]
) -> None:
    found = held(*labels, rules=rules)
    for target, by in found.items():
        assert by not in found
        assert by != target
        assert any(
            matches_all(rule.source, labels[by])
            and matches_all(rule.target, labels[target])
            and rule.key(labels[by]) == rule.key(labels[target])
            for rule in rules
        )
    assert not labels or len(found) < len(labels)


def both_severities(name: str = "checkout", **fields: object) -> None:
    slow = {"severity": "ticket", "long": 7_200, "short": 1_200, "factor": 1}
    policy = BurnPolicy.objects.create(name=f"both-{name}", windows=[HOUR_WINDOW, slow])
    burning(name, burn_policy=policy, **fields)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_ticket_waits_for_the_page_of_its_service_and_is_told_when_that_is_over(
    announced: list[Transition],
) -> None:
    channel(severities=("page", "ticket"))
    both_severities()
    assert evaluate(NOW) == 2
    page, ticket = Alert.objects.get(severity="page"), Alert.objects.get(severity="ticket")
    assert (ticket.state, ticket.inhibited_by, ticket.suppressed) == ("firing", page, True)
    assert (page.told_at, ticket.told_at) == (NOW, None)
    assert [change.alert for change in announced] == [page]
    note = Transition.objects.get(alert=ticket, kind="inhibition")
    assert (
        note.cause == f"held back by checkout (page) (alert {page.pk}): its service has a page, which is seen to first"
    )
    assert page.objective is not None
    extend(page.objective, NOW + 9 * MINUTE)
    for minute in (5, 7, 9):
        evaluate(NOW + minute * MINUTE)
    page.refresh_from_db()
    ticket.refresh_from_db()
    assert (page.state, ticket.state, ticket.suppressed) == ("resolved", "firing", False)
    assert [(change.alert, change.kind, change.after) for change in announced[1:]] == [
        (page, "state", "resolved"),
        (ticket, "inhibition", "firing"),
    ]
    assert ticket.told_at == page.ended_at


@pytest.mark.django_db
def test_a_ticket_that_ends_while_it_is_held_back_is_never_told() -> None:
    channel(severities=("page", "ticket"))
    shop = service("shop")
    burning("checkout", service=shop)
    quick = {"severity": "ticket", "long": 3_600, "short": 60, "factor": 1}
    burning("search", service=shop, burn_policy=BurnPolicy.objects.create(name="quick", windows=[quick]))
    evaluate(NOW)
    ticket = Alert.objects.get(severity="ticket")
    assert ticket.objective is not None
    extend(ticket.objective, NOW + 3 * MINUTE)
    evaluate(NOW + 2 * MINUTE)
    evaluate(NOW + 3 * MINUTE)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.suppressed, owed(ticket)) == ("resolved", False, [])


@pytest.mark.django_db
def test_a_dead_source_raises_one_alert_and_holds_back_those_of_its_objectives() -> None:
    channel(severities=("page", "ticket"))
    dead = source("prometheus")
    burning("a", source=dead)
    for name in ("b", "c"):
        ledger(objective(name, source=dead), seconds=7_200)
    evaluate(NOW)
    page = Alert.objects.get()
    assert (page.severity, page.suppressed) == ("page", False)

    def asked(minute: int, problem: str) -> None:
        at = NOW + minute * MINUTE
        SourceState.objects.update_or_create(source=dead, defaults={"asked_at": at, "problem": problem})
        evaluate(at)

    for minute in (1, 3, 5, 6, 16):
        asked(minute, "no answer within 10 s")
    raised = Alert.objects.get(kind="source")
    assert (raised.subject, raised.state, raised.service) == ("prometheus", "firing", None)
    assert list(raised.transitions.values_list("after", "cause")) == [
        ("pending", "no answer within 10 s; fires if it lasts 5 min"),
        ("firing", "no answer within 10 s"),
    ]
    assert Alert.objects.filter(inhibited_by=raised, state="firing").count() == 4
    assert Alert.objects.filter(state="firing").count() == 5
    assert [owed(one) for one in Alert.objects.filter(kind="no-data")] == [[]] * 3
    for minute in (17, 20):
        asked(minute, "")
    raised.refresh_from_db()
    assert (raised.state, raised.transitions.last().cause) == (  # type: ignore[union-attr]
        "resolved",
        "it answers again; quiet since 12:17:00 UTC",
    )
    # There is no data yet, and nothing explains that any more; but the page of a is to be seen to first.
    silent = Alert.objects.filter(kind="no-data").order_by("subject")
    assert [(one.inhibited_by, owed(one)) for one in silent] == [
        (page, []),
        *[(None, [("team", "inhibition", "due")])] * 2,
    ]
