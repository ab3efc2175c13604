"""The forecast says what arithmetic says where the future is certain, and how unsure it is where it is not."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from slo import selectors
from slo.maths.forecast import FEWEST, Spend, bucket, calendar, rolling
from slo.models import Exclusion
from slo.services.access import issue_token
from tests.factories import NOW, ledger, objective

HOUR, DAY = 3_600, 86_400
few = settings(max_examples=30)
burns = st.floats(1.01, 50)
rates = st.floats(1, 1e6)


def spends(burn: float, count: int, *, rate: float = 100, target: float = 0.99) -> list[Spend]:
    return [Spend(burn * (1 - target) * rate, rate, 1.0)] * count


@few
@given(burn=burns, rate=rates)
def test_a_steady_burn_spends_a_clean_rolling_budget_when_arithmetic_says(burn: float, rate: float) -> None:
    # Three quarters of the period clean, which fall out first, then a quarter of it at the burn rate.
    past = [*spends(0, 540, rate=rate), *spends(burn, 180, rate=rate)]
    found = rolling(past, 0.99, HOUR, futures=20)
    assert found is not None
    left = 1 - burn / 4
    if left <= 0:
        assert found.spent
        return
    # The clean quarters give nothing back, so the budget lasts what is left of it at this pace.
    wanted = left * 720 * HOUR / burn
    assert found.median == pytest.approx(wanted, rel=1e-6)
    assert found.earliest == found.median == found.latest
    assert found.likelihood == 1


@few
@given(burn=st.floats(0, 0.99), rate=rates)
def test_a_burn_below_one_never_spends_the_budget(burn: float, rate: float) -> None:
    found = rolling(spends(burn, 720, rate=rate), 0.99, HOUR)
    assert found is not None
    assert (found.median, found.earliest, found.latest, found.likelihood, found.spent) == (None, None, None, 0, False)


def test_what_falls_out_of_the_window_gives_its_budget_back() -> None:
    # Nine tenths were spent on the first day of the window; since then hardly anything is.
    first = [Spend(0.9 * 720 / 24, 100, 1.0)] * 24
    past = [*first, *spends(0.05, 696)]
    given_back = rolling(past, 0.99, HOUR)
    assert given_back is not None
    assert given_back.likelihood == 0
    # The same spending at the end of the window is not given back in time: the last quarter goes on.
    late = [*spends(0.05, 696), *first]
    going_on = rolling(late, 0.99, HOUR)
    assert going_on is not None
    assert going_on.likelihood > 0.5


@few
@given(burn=burns, done=st.integers(FEWEST, 600))
def test_a_steady_burn_spends_a_calendar_budget_when_arithmetic_says(burn: float, done: int) -> None:
    found = calendar(spends(burn, done), 0.99, HOUR, (720 - done) * HOUR, futures=20)
    assert found is not None
    wanted = (720 / burn - done) * HOUR
    if wanted <= 0:
        assert found.spent
    else:
        assert found.median == pytest.approx(wanted, rel=1e-6)
        assert found.earliest == found.latest == found.median


def test_a_calendar_budget_that_lasts_till_the_end_is_not_exhausted() -> None:
    found = calendar(spends(0.99, 300), 0.99, HOUR, 420 * HOUR)
    assert found is not None
    assert (found.median, found.likelihood) == (None, 0)


@few
@given(st.lists(st.builds(Spend, st.floats(0, 10), st.floats(10, 100), st.floats(0, 1)), max_size=200))
def test_the_bounds_are_in_order_and_within_the_horizon(past: list[Spend]) -> None:
    for found in (rolling(past, 0.9, HOUR, futures=20), calendar(past, 0.9, HOUR, 30 * HOUR, futures=20)):
        if found is None:
            continue
        ends = [found.horizon + 1 if end is None else end for end in (found.earliest, found.median, found.latest)]
        assert ends == sorted(ends)
        assert all(0 <= end <= found.horizon for end in (found.earliest, found.median, found.latest) if end is not None)
        assert 0 <= found.likelihood <= 1


def test_an_uneven_past_makes_the_forecast_unsure() -> None:
    past = [*spends(0, 540), *(Spend(0 if hour % 36 else 40, 100, 1.0) for hour in range(180))]
    found = rolling(past, 0.99, HOUR)
    assert found is not None
    assert found.earliest is not None
    assert found.latest is None or found.latest > found.earliest + DAY


@pytest.mark.parametrize("past", [[], [Spend(0, 0, 0)] * 720, spends(5, FEWEST - 1)])
def test_no_data_gives_no_forecast(past: list[Spend]) -> None:
    assert rolling(past, 0.99, HOUR) is None
    assert calendar(past, 0.99, HOUR, 30 * HOUR) is None


@pytest.mark.parametrize(("period", "step"), [(30 * DAY, HOUR), (7 * DAY, 900), (HOUR, 300), (365 * DAY, 12.25 * HOUR)])
def test_buckets_are_a_small_share_of_the_period(period: int, step: int) -> None:
    assert bucket(period) == pytest.approx(step, abs=300)
    assert bucket(period) % 300 == 0


@pytest.mark.django_db
def test_an_objective_that_burns_tells_when_it_is_exhausted() -> None:
    item = objective("checkout", target=0.99)
    # A quarter of the period at 2×: half of the budget is left and goes in 7.5 days, as the rest was clean.
    ledger(item, seconds=30 * DAY, step=300, bad=lambda left: 2 if left < 7.5 * DAY else 0)
    found = selectors.forecast("checkout", NOW)
    assert found.trend is not None
    assert found.trend.median == pytest.approx(7.5 * DAY, rel=0.01)
    assert found.status.exhausts_at is not None


@pytest.mark.django_db
def test_an_objective_without_data_has_no_forecast_and_says_why() -> None:
    objective("idle")
    found = selectors.forecast("idle", NOW)
    assert found.trend is None
    assert "too little" in found.as_json()["note"]


@pytest.mark.django_db
def test_excluded_spans_are_no_part_of_the_future() -> None:
    item = objective("checkout", target=0.99)
    ledger(item, seconds=30 * DAY, step=300, bad=lambda left: 50 if left < 6 * HOUR else 0)
    Exclusion.objects.create(objective=item, start=NOW - timedelta(hours=6), end=NOW, reason="test", created_at=NOW)
    found = selectors.forecast("checkout", NOW)
    assert found.trend is not None
    assert found.trend.likelihood == 0


@pytest.mark.django_db
def test_a_calendar_objective_is_forecast_till_the_end_of_its_period() -> None:
    item = objective("month", target=0.99, period={"calendar": "month", "zone": "UTC"})
    ledger(item, seconds=int(1.5 * DAY), step=300, bad=2)
    found = selectors.forecast("month", NOW)
    assert found.trend is not None
    # March has 31 days: at 2× its budget lasts half of it, of which a day and a half are over.
    assert found.trend.median == pytest.approx(14 * DAY, rel=0.02)
    assert found.trend.horizon == pytest.approx(29.5 * DAY)


@pytest.fixture
def viewer() -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}


@pytest.mark.django_db
def test_the_forecast_is_told_over_json(client: Client, viewer: dict[str, Any]) -> None:
    item = objective("checkout", target=0.99)
    ledger(item, seconds=30 * DAY, step=300, bad=lambda left: 2 if left < 7.5 * DAY else 0)
    body = client.get(f"/api/v1/objectives/checkout/forecast?at={NOW:%Y-%m-%dT%H:%M:%SZ}", **viewer).json()
    assert body["objective"] == "checkout"
    assert body["present"]["burn"] == pytest.approx(2)
    assert body["trend"]["exhausts_at"].startswith("2026-03-1")
    assert body["trend"]["earliest"] <= body["trend"]["exhausts_at"] <= body["trend"]["latest"]
    assert body["trend"]["confidence"] == 0.8
    assert client.get("/api/v1/objectives/nothing/forecast", **viewer).status_code == 404
