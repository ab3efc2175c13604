"""Calendar periods end to end: applied, judged, projected to their end, and right when the clocks change."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo import selectors
from slo.maths.budget import project
from slo.maths.ledger import Sums, Window
from slo.maths.windows import Calendar, CalendarUnit, to_epoch
from slo.models import BudgetPolicy, Objective
from slo.services.catalog import export_documents
from slo.services.exclusions import exclude
from tests.factories import ledger, objective
from tests.slo.documents import COMPONENT, LATENCY, SERVICE, SOURCE
from tests.slo.reading import apply

DAY, HOUR = 86_400, 3_600
BERLIN = ZoneInfo("Europe/Berlin")


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("unit", "at", "start", "end", "hours"),
    [
        ("day", (2026, 3, 29, 12), (2026, 3, 29), (2026, 3, 30), 23),
        ("day", (2026, 10, 25, 12), (2026, 10, 25), (2026, 10, 26), 25),
        ("week", (2026, 3, 29, 23, 59), (2026, 3, 23), (2026, 3, 30), 7 * 24 - 1),
        ("month", (2026, 3, 1), (2026, 3, 1), (2026, 4, 1), 31 * 24 - 1),
        ("month", (2024, 2, 29, 12), (2024, 2, 1), (2024, 3, 1), 29 * 24),
        ("quarter", (2026, 12, 31, 23, 59), (2026, 10, 1), (2027, 1, 1), 92 * 24 + 1),
        ("year", (2024, 7, 1), (2024, 1, 1), (2025, 1, 1), 366 * 24),
    ],
)
def test_a_period_is_as_long_as_the_calendar_says(
    unit: CalendarUnit, at: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...], hours: int
) -> None:
    bounds = Calendar(unit, "Europe/Berlin").bounds(berlin(*at))
    assert bounds == (berlin(*start), berlin(*end))
    assert bounds[1] - bounds[0] == timedelta(hours=hours)


@pytest.mark.parametrize("minutes", [0, 30, 60, 90, 119])
def test_a_midnight_that_comes_twice_begins_the_day_once(minutes: int) -> None:
    # Havana sets its clocks back from 01:00 to 00:00.
    first = datetime(2026, 11, 1, 4, tzinfo=UTC)
    start, end = Calendar("day", "America/Havana").bounds(first + timedelta(minutes=minutes))
    assert (start, end - start) == (first, timedelta(hours=25))


def test_a_midnight_that_never_comes_begins_the_day_when_the_clocks_go_forward() -> None:
    start, end = Calendar("day", "America/Havana").bounds(datetime(2026, 3, 8, 15, tzinfo=UTC))
    assert (start, end - start) == (datetime(2026, 3, 8, 5, tzinfo=UTC), timedelta(hours=23))


@given(
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.integers(to_epoch(datetime(1990, 1, 1, tzinfo=UTC)), to_epoch(datetime(2037, 1, 1, tzinfo=UTC))),
    st.sampled_from(["America/Havana", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "UTC"]),
)
def test_periods_follow_each_other_without_gap_or_overlap(unit: CalendarUnit, second: int, zone: str) -> None:
    calendar, at = Calendar(unit, zone), datetime.fromtimestamp(second, UTC)
    start, end = calendar.bounds(at)
    assert start <= at < end
    assert calendar.bounds(start) == (start, end)
    assert calendar.bounds(end - timedelta(seconds=1)) == (start, end)
    assert calendar.bounds(end)[0] == end


@given(st.integers(1, 10**6), st.floats(0, 1), st.integers(60, 31 * DAY), st.integers(0, 31 * DAY))
def test_at_its_end_a_period_has_the_ratio_it_has_so_far_and_more_room(
    total: int, share: float, observed: int, ahead: int
) -> None:
    window = Window(0, observed, Sums(total * (1 - share), total, observed), observed)
    found = project(window, 0.99, ahead)
    assert found is not None
    assert found.events == pytest.approx(total * (observed + ahead) / observed)
    assert found.budget.remaining == pytest.approx(1 - share / 0.01, abs=1e-6)
    assert found.unspent >= (found.budget.remaining or 0) - 1e-9


@pytest.mark.django_db
class TestStatus:
    MONTH = {"calendar": "month", "zone": "Europe/Berlin"}

    @pytest.mark.parametrize("duration", ["1d", "1w", "1M", "1Q", "1Y"])
    def test_every_unit_is_applied_judged_and_exported(self, tmp_path: Path, duration: str) -> None:
        slo = (
            LATENCY.replace("1M", duration)
            .replace(', startTime: "2020-01-01 00:00:00"', "")
            .replace('startTime: "2020-01-01 00:00:00", ', "")
            .replace("target: 0.95", "target: 0.999")
        )
        apply(tmp_path, SERVICE, SOURCE, COMPONENT, slo)
        item = Objective.objects.get()
        at = berlin(2026, 11, 21, 12)
        ledger(item, end=at, seconds=2 * DAY, step=300)
        status = selectors.status(item.name, at)
        assert (status.state, status.period_end) == ("healthy", item.span().bounds(at)[1])
        assert all(window.factor > 0.9 for window in status.facts.policy)
        assert status.facts.policy
        assert {change.action for change in apply(tmp_path, export_documents())} == {"unchanged"}

    def test_a_month_across_the_change_of_clocks_counts_every_hour_once(self) -> None:
        item, at = objective(target=0.99, period=self.MONTH), berlin(2026, 3, 31, 12)
        ledger(item, end=at, seconds=40 * DAY, step=3_600, total=60, bad=1)
        status = selectors.status(item.name, at)
        hours = 30 * 24 + 12 - 1
        assert (status.period.total, status.period.bad) == (hours * 60, hours)
        assert status.period.completeness == 1
        assert status.as_json()["period"] == {
            "kind": "calendar", "start": "2026-02-28T23:00:00Z", "end": "2026-03-31T22:00:00Z",
        }  # fmt: skip

    def test_its_end_is_what_is_so_far_and_the_pace_so_far(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, 6, tzinfo=UTC)
        ledger(item, end=at, seconds=DAY, step=60, total=10, bad=0.05)
        form = selectors.status(item.name, at).as_json()
        end = form["at_end"]
        assert isinstance(end, dict)
        assert end["events"] == pytest.approx(4 * 3_600)
        assert end["budget"] == pytest.approx({"total": 144, "spent": 72, "remaining": 0.5})
        assert end["unspent"] == pytest.approx(1 - 18 / 144)
        assert form["budget"]["remaining"] == pytest.approx(0.5)  # type: ignore[index]

    def test_what_was_not_observed_is_not_extrapolated_as_idle(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, 6, tzinfo=UTC)
        ledger(item, end=at, seconds=6 * HOUR, step=60, total=10, bad=lambda left: None if left >= 3 * HOUR else 0)
        projected = selectors.status(item.name, at).at_end
        assert projected is not None
        assert projected.events == pytest.approx(1_800 + 18 * 600)

    def test_what_will_be_excluded_is_not_expected(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, 6, tzinfo=UTC)
        ledger(item, end=at, seconds=6 * HOUR, step=60, total=10)
        exclude({"objective": item.name, "start": "2026-03-02T12:00Z", "duration": "6h", "reason": "move"}, at)
        projected = selectors.status(item.name, at).at_end
        assert projected is not None
        assert projected.events == pytest.approx(18 * 600)

    def test_a_rolling_period_has_no_end_to_project(self) -> None:
        item = objective()
        ledger(item)
        assert selectors.status(item.name, datetime(2026, 3, 2, 12, tzinfo=UTC)).as_json()["at_end"] is None

    def test_an_early_failure_does_not_exhaust_the_month(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "month"}), datetime(2026, 3, 1, 6, tzinfo=UTC)
        ledger(item, end=at, seconds=DAY, step=60, bad=lambda left: 50 if 5 * HOUR <= left < 5.5 * HOUR else 0)
        status = selectors.status(item.name, at)
        assert status.budget.remaining is not None
        assert status.budget.remaining < 0
        assert status.unspent == pytest.approx(1 - 1_500 / (0.01 * 100 * 60 * 24 * 31))
        assert status.state == "burning"

    def test_it_is_exhausted_when_the_whole_of_its_budget_is(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, 12, tzinfo=UTC)
        ledger(item, end=at, seconds=DAY, step=60, bad=lambda left: 3 if left < 10 * HOUR else 0)
        assert selectors.status(item.name, at).state == "exhausted"

    def test_it_is_exhausted_within_the_period_or_not_at_all(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, 12, tzinfo=UTC)
        ledger(item, end=at, seconds=DAY, step=60, bad=lambda left: 4 if left < HOUR else 0)
        # 60 × 4 of 1,440 are spent; at four times the pace the rest goes in (1 − 1/6) · 24 h / 4 = 5 h.
        assert selectors.status(item.name, at).exhausts_at == at + timedelta(hours=5)
        calm = objective(target=0.99, period={"calendar": "day"})
        ledger(calm, end=at, seconds=DAY, step=60, bad=lambda left: 1.2 if left <= HOUR else 0)
        assert selectors.status(calm.name, at).exhausts_at is None

    def test_a_period_that_has_just_begun_is_empty_and_the_state_stays_known(self) -> None:
        item, midnight = objective(target=0.99, period={"calendar": "day"}), datetime(2026, 3, 2, tzinfo=UTC)
        ledger(item, end=midnight - timedelta(seconds=10), seconds=DAY, step=30)
        status = selectors.status(item.name, midnight + timedelta(seconds=5))
        assert (status.period.elapsed, status.period.total, status.period.completeness) == (0, None, 0)
        assert (status.state, status.at_end) == ("healthy", None)
        assert status.windows[300].completeness == 1

    def test_an_early_failure_does_not_close_the_gate_either(self) -> None:
        item, at = objective(target=0.99, period={"calendar": "month"}), datetime(2026, 3, 1, 6, tzinfo=UTC)
        ledger(item, end=at, seconds=DAY, step=60, bad=lambda left: 50 if 5 * HOUR <= left < 5.5 * HOUR else 0)
        steps = [{"remaining": 0, "action": "freeze-all", "text": ""}]
        BudgetPolicy.objects.create(name="agreed", services=[item.service.name], steps=steps)
        assert selectors.status(item.name, at).step is None
        assert selectors.gate(item.service.name, "risky", at).open
