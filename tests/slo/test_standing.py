"""How objectives stood at the last tick: what lists rest on, kept by the evaluation and forgotten by every edit."""

from datetime import timedelta

import pytest
from django.conf import LazySettings

from alerts.services.evaluate import evaluate
from slo import selectors, selectors_ledger
from slo.maths.ledger import Span
from slo.maths.status import HOUR, SHORT
from slo.maths.windows import to_epoch
from slo.models import Objective, ObjectiveStanding, Service
from slo.selectors_listed import Listed, listed
from slo.services.catalog import apply_text, definition_of
from slo.services.exclusions import exclude
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def burning() -> Objective:
    item = factories.objective("burning", service=factories.service("shop", owner="red"))
    factories.ledger(item, seconds=86_400, step=60, total=200, bad=lambda left: 12 if left < 1_200 else 0)
    return item


def minutes_ago(number: int) -> str:
    return f"{NOW - timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"


def only() -> Listed:
    [item] = listed(NOW)
    return item


def test_an_evaluation_keeps_what_it_judged(burning: Objective) -> None:
    evaluate(NOW)
    [status] = selectors.statuses(NOW)
    item = only()
    assert ObjectiveStanding.objects.get().at == NOW
    assert (item.state, item.team, item.service) == ("critical", "red", "shop")
    assert (item.remaining, item.ratio) == (status.budget.remaining, status.period.ratio)
    assert (item.completeness, item.burn, item.step) == (status.period.completeness, status.burns[HOUR], "")


def test_the_next_evaluation_replaces_it(burning: Objective, settings: LazySettings) -> None:
    evaluate(NOW)
    evaluate(NOW + timedelta(seconds=settings.TICK_SECONDS))
    assert ObjectiveStanding.objects.get().at == NOW + timedelta(seconds=settings.TICK_SECONDS)


def test_without_ticks_everything_is_judged_anew(burning: Objective, settings: LazySettings) -> None:
    evaluate(NOW)
    later = NOW + timedelta(seconds=2 * settings.TICK_SECONDS + SHORT)
    [item] = listed(later)
    assert item.state == "no data", "nobody measures any more, and that is to be seen"


def test_a_new_objective_is_listed_before_its_first_tick(burning: Objective) -> None:
    evaluate(NOW)
    factories.objective("newcomer", service=burning.service)
    assert {item.name: item.state for item in listed(NOW)} == {"burning": "critical", "newcomer": "no data"}


def test_an_exclusion_is_seen_at_once(burning: Objective) -> None:
    evaluate(NOW)
    span = {"start": minutes_ago(60), "end": minutes_ago(0), "reason": "a rehearsal"}
    for concerned in ({"objective": "burning"}, {"service": "shop"}):
        exclude({**span, **concerned}, NOW)
        assert only().remaining == pytest.approx(1)
        evaluate(NOW + timedelta(seconds=1))


def test_an_edit_of_the_catalog_is_seen_at_once(burning: Objective) -> None:
    evaluate(NOW)
    before = only().remaining
    apply_text(definition_of(burning).replace("0.999", "0.99"), NOW, "SLO", "burning")
    after = only().remaining
    assert before is not None
    assert after is not None
    assert 1 - after == pytest.approx((1 - before) / 10)


def test_the_last_minutes_alone_are_those_of_the_status(burning: Objective) -> None:
    service = Service.objects.create(name="quiet")
    silent = factories.objective("silent", service=service)
    exclude({"objective": "burning", "start": minutes_ago(3), "end": minutes_ago(1), "reason": "x"}, NOW)
    for at in (NOW, NOW + timedelta(seconds=20), NOW + timedelta(minutes=3)):
        items = list(selectors.objectives())
        windows = selectors.recent(at, items)
        expected = {status.name: status.windows[SHORT] for status in selectors.statuses(at, items)}
        assert {item.name: windows[item.pk] for item in items} == expected
    assert not windows[silent.pk].known


def test_the_ledger_around_spans_gives_the_windows_of_all_of_it(burning: Objective) -> None:
    exclude({"objective": "burning", "start": minutes_ago(50), "end": minutes_ago(41), "reason": "x"}, NOW)
    now = to_epoch(NOW)
    whole = selectors_ledger.History(burning, now - 90_000, now)
    spans = [Span(now - 600, now), Span(now - 4_200, now - 3_600), Span(now - 90_000, now - 90_000)]
    part = selectors_ledger.Excerpt(burning, spans)
    for start in (now - 90_000, *range(now - 4_200, now - 3_600, 97)):
        for end in range(now - 600, now + 1, 83):
            assert part.window(start, end) == whole.window(start, end)
    with pytest.raises(LookupError, match="was not read"):
        part.window(now - 2_000, now)
