"""The status of an objective says what its ledger says, and how complete that is."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from slo import selectors
from slo.maths.status import State
from slo.maths.windows import to_epoch
from slo.models import Exclusion, Measurement, Watermark
from tests.factories import NOW, ledger, objective, service, source

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("bad", "state"),
    [
        (lambda left: 0, "healthy"),
        (lambda left: 2 if left < 3_600 else 0, "critical"),  # 20× now, little of the budget yet
        (lambda left: 0.4 if left < 86_400 else 0, "burning"),  # 4× for a day
        (lambda left: 0.2, "exhausted"),
        (lambda left: None if left < 600 else 0, "no data"),
    ],
)
def test_the_state_is_the_verdict(bad: Callable[[int], float | None], state: State) -> None:
    item = objective()
    ledger(item, seconds=30 * 86_400, step=300, total=100, bad=bad)
    assert selectors.status(item.name, NOW).state == state


def test_windows_count_their_own_events() -> None:
    item = objective(target=0.99)
    ledger(item, seconds=7_200, bad=lambda left: 10 if left < 300 else 0)
    status = selectors.status(item.name, NOW)
    assert (status.windows[300].bad, status.windows[300].total) == (100, 1_000)
    assert (status.windows[3_600].bad, status.windows[3_600].total) == (100, 12_000)
    assert status.burns[300] == pytest.approx(10)
    assert status.burns[3_600] == pytest.approx(100 / 12_000 / 0.01)


def test_completeness_is_told_where_the_ratio_is() -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=60, bad=lambda left: None if left < 43_200 else 0)
    status = selectors.status(item.name, NOW)
    assert status.period.ratio == 1
    assert status.period.completeness == pytest.approx(0.5, abs=0.01)


def test_an_objective_that_was_never_measured_knows_nothing() -> None:
    item = objective()
    status = selectors.status(item.name, NOW)
    assert (status.state, status.period.ratio, status.budget.remaining, status.period.completeness) == (
        "no data",
        None,
        None,
        0,
    )


def test_a_tick_that_is_just_due_does_not_make_data_missing() -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=30)
    status = selectors.status(item.name, NOW + timedelta(seconds=45))
    assert status.windows[300].completeness == 1


def test_measuring_that_stopped_is_seen() -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=30)
    status = selectors.status(item.name, NOW + timedelta(minutes=10))
    assert status.state == "no data"
    assert status.windows[3_600].completeness == pytest.approx(50 / 60)


def test_an_earlier_instant_is_judged_on_what_was_known_then() -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=30, bad=lambda left: 50 if left < 1_800 else 0)
    assert selectors.status(item.name, NOW - timedelta(minutes=30)).state == "healthy"
    assert selectors.status(item.name, NOW).state == "exhausted"


def test_thinned_rows_give_the_same_status() -> None:
    item = objective()
    ledger(item, seconds=86_400, step=30, bad=lambda left: 3 if 40_000 < left < 50_000 else 0)
    before = selectors.status(item.name, NOW)
    minutes = [at for at in range(to_epoch(NOW) - 86_400, to_epoch(NOW) - 6 * 3_600) if at % 300]
    Measurement.objects.filter(objective=item, at__in=minutes).delete()
    after = selectors.status(item.name, NOW)
    assert (after.period, after.windows) == (before.period, before.windows)


@pytest.mark.parametrize("of", ["objective", "service"])
def test_an_exclusion_takes_its_span_out_of_every_window(of: str) -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=30, bad=lambda left: 100 if 1_200 <= left < 2_400 else 0)
    Exclusion.objects.create(
        **{of: item if of == "objective" else item.service},
        start=NOW - timedelta(seconds=2_430),
        end=NOW - timedelta(seconds=1_170),
        reason="maintenance",
        created_at=NOW,
    )
    status = selectors.status(item.name, NOW)
    assert (status.period.bad, status.windows[3_600].bad) == (0, 0)
    assert status.windows[3_600].elapsed == 3_600 - 1_260
    assert status.windows[3_600].completeness == 1


def test_overlapping_exclusions_count_once() -> None:
    item = objective(days=1)
    ledger(item, seconds=86_400, step=30)
    for start, end in ((3_000, 1_200), (2_400, 600)):
        Exclusion.objects.create(
            objective=item,
            start=NOW - timedelta(seconds=start),
            end=NOW - timedelta(seconds=end),
            reason="twice",
            created_at=NOW,
        )
    assert selectors.status(item.name, NOW).windows[3_600].total == 100 * 1_200 / 30


def test_history_before_the_origin_counts_like_any_other() -> None:
    """Backfilled rows have sums below the first row's: only differences carry meaning."""
    item = objective(days=1)
    mark = ledger(item, seconds=3_600, step=30)
    Measurement.objects.create(objective=item, at=mark.started - 3_600, good=-11_000, total=-12_000, observed=-3_600)
    Watermark.objects.update(started=mark.started - 3_600)
    status = selectors.status(item.name, NOW)
    assert (status.period.total, status.period.bad) == (24_000, 1_000)


def test_a_problem_of_the_objective_is_told() -> None:
    item = objective()
    ledger(item)
    Watermark.objects.filter(objective=item).update(problem="parse error")
    assert selectors.status(item.name, NOW).problem == "parse error"


def test_good_events_that_exceed_all_events_are_doubted() -> None:
    item = objective(days=1)
    ledger(item, seconds=3_600, bad=-20)
    status = selectors.status(item.name, NOW)
    assert status.period.ratio == 1
    assert "do not belong together" in status.problem


def test_many_objectives_take_no_more_queries_than_one(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    owner, origin = service(), source()
    for _ in range(40):
        ledger(objective(service=owner, source=origin, days=1), seconds=86_400, step=300)
    with django_assert_max_num_queries(6):
        assert len(selectors.statuses(NOW)) == 40


def test_a_window_that_begins_in_a_gap_begins_at_the_row_before_it() -> None:
    item = objective(days=1)
    ledger(item, seconds=7_200, bad=lambda left: 10 if left >= 3_600 else 0)
    gap = range(to_epoch(NOW) - 3_900, to_epoch(NOW) - 3_500)
    Measurement.objects.filter(objective=item, at__in=gap).delete()
    assert selectors.status(item.name, NOW).windows[3_600].total == 100 * 3_930 / 30


def test_charts_subtract_the_same_rows() -> None:
    item = objective(days=1)
    ledger(item, seconds=7_200, bad=lambda left: 10 if left < 600 else 0)
    now = to_epoch(NOW)
    instants = list(range(now - 3_600, now + 1, 600))
    assert [w.bad for w in selectors.between(item, instants)] == [0, 0, 0, 0, 0, 200]
    assert [w.bad for w in selectors.cumulative(item, instants[0], instants)][-1] == 200
    assert [w.total for w in selectors.rolling(item, instants, 1_800)] == [6_000] * 7


def test_the_public_form_has_the_promised_keys_and_no_nan() -> None:
    item = objective("checkout-availability")
    ledger(item)
    out = StringIO()
    call_command("status", "checkout-availability", "--json", "--at", "2026-03-02T12:00Z", stdout=out)
    form = json.loads(out.getvalue(), parse_constant=pytest.fail)
    assert set(form) == {
        "name", "service", "target", "period", "sli", "completeness", "budget", "burn", "windows", "at_end",
        "without_exclusions", "minimum",
        "held_back",
        "budget_policy", "exhausts_at", "state", "as_of", "problem", "unit", "notes", "labels",
    }  # fmt: skip
    assert form["period"] == {"kind": "rolling", "start": "2026-01-31T12:00:00Z", "end": "2026-03-02T12:00:00Z"}
    assert form["windows"]["5m"] == {"good": 1_000, "total": 1_000, "ratio": 1}
    assert form["burn"]["1h"] == 0


def test_a_name_that_does_not_exist_is_said() -> None:
    with pytest.raises(CommandError, match="no objective named 'nothing'"):
        call_command("status", "nothing")


def test_the_table_for_people_names_every_objective() -> None:
    item = objective("checkout-availability")
    ledger(item)
    out = StringIO()
    call_command("status", "--at", "2026-03-02T12:00Z", stdout=out)
    assert "checkout-availability" in out.getvalue()
    assert "● healthy" in out.getvalue()
