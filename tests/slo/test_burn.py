"""The burn-rate arithmetic is the SRE Workbook's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import PolicyError
from slo.maths.burn import (
    SRE_TABLE,
    BurnWindow,
    burn_rate,
    check,
    default_windows,
    exceeded,
    scale,
    seconds_to_detect,
    seconds_to_reset,
)

DAY = 86_400
WINDOWS = scale(SRE_TABLE, 30 * DAY)


def test_the_table_for_thirty_days_is_the_workbooks() -> None:
    assert [(w.severity, w.long, w.short, round(w.factor, 3)) for w in WINDOWS] == [
        ("page", 3_600, 300, 14.4),
        ("page", 21_600, 1_800, 6),
        ("ticket", 86_400, 7_200, 3),
        ("ticket", 259_200, 21_600, 1),
    ]


def test_the_short_window_is_a_twelfth_of_the_long_one() -> None:
    assert all(w.long == 12 * w.short for w in WINDOWS)


def test_factors_scale_with_the_period() -> None:
    assert [round(w.factor, 3) for w in scale(SRE_TABLE, 28 * DAY)] == [13.44, 5.6, 2.8, 0.933]


def test_a_seven_day_period_has_datadogs_factors() -> None:
    assert [round(w.factor, 3) for w in default_windows(7 * DAY)] == [16.8, 5.6, 2.8]


def test_thirty_days_have_the_workbook_s() -> None:
    assert [round(w.factor, 3) for w in default_windows(30 * DAY)] == [14.4, 6, 3, 1]


@given(st.integers(3_601, 366 * DAY))
def test_no_default_window_alerts_while_budget_would_be_left_over(period: int) -> None:
    found = default_windows(period)
    assert all(w.factor >= 0.9 and w.long < period for w in found)
    assert found or period < 9 * 3_600


def test_windows_as_long_as_the_period_are_left_out() -> None:
    assert [w.long for w in scale(SRE_TABLE, DAY)] == [3_600, 21_600]


@pytest.mark.parametrize(
    ("error_ratio", "seconds"),
    [
        (1.0, (52, 130, 259, 259)),
        (0.15, (346, 864, 1_728, 1_728)),
        (0.10, (518, 1_296, 2_592, 2_592)),
        (0.01, (None, 12_960, 25_920, 25_920)),
        (0.005, (None, None, 51_840, 51_840)),
    ],
)
def test_time_to_detect_is_the_table_at_three_nines(error_ratio: float, seconds: tuple[int | None, ...]) -> None:
    found = [seconds_to_detect(w, 0.999, error_ratio) for w in WINDOWS]
    assert [None if f is None else round(f) for f in found] == list(seconds)


def test_a_clean_service_is_never_detected() -> None:
    assert seconds_to_detect(WINDOWS[0], 0.999, 0) is None


def test_after_a_full_outage_the_page_resets_within_the_short_window() -> None:
    assert seconds_to_reset(WINDOWS[0], 0.999, 1.0) == pytest.approx(300 * (1 - 0.0144))


@pytest.mark.parametrize(("ratio", "burn"), [(1.0, 0), (0.999, 1), (0.0, 1000), (None, None)])
def test_a_burn_rate_is_the_error_ratio_over_the_allowed_one(ratio: float | None, burn: float | None) -> None:
    found = burn_rate(ratio, 0.999)
    assert found == (None if burn is None else pytest.approx(burn))


@pytest.mark.parametrize("target", [0.9, 0.93, 1 - 1 / 14.4])
def test_a_factor_that_can_never_fire_is_refused_by_name(target: float) -> None:
    with pytest.raises(PolicyError, match=r"page 14\.4× over 1h and 5m can never fire"):
        check(WINDOWS, target)


def test_a_factor_that_can_just_fire_is_accepted() -> None:
    check(WINDOWS, 0.931)


def test_a_short_window_as_long_as_the_long_one_is_refused() -> None:
    with pytest.raises(PolicyError, match="short window must be shorter"):
        check((BurnWindow("page", 300, 300, 2),), 0.99)


@pytest.mark.parametrize(
    ("long", "short", "fires"),
    [(14.5, 14.5, True), (14.4, 20, False), (20, 14.4, False), (None, 20, False), (20, None, False)],
)
def test_both_windows_must_be_above_the_factor(long: float | None, short: float | None, fires: bool) -> None:
    window = BurnWindow("page", 3_600, 300, 14.4)
    assert bool(exceeded((window,), {3_600: long, 300: short})) is fires
