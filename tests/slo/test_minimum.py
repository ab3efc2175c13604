"""Low traffic: an alert needs enough events to be about more than chance."""

from math import exp, factorial
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from slo import selectors
from slo.maths.burn import Minimum
from slo.maths.ledger import Sums, Window
from slo.maths.windows import to_epoch
from slo.models import BurnPolicy, Measurement
from slo.services.access import issue_token
from tests.factories import NOW, ledger, objective

SRE_PAGE = 14.4
HOUR = {"severity": "page", "long": 3_600, "short": 300, "factor": SRE_PAGE}


def counted(total: float, bad: float, observed: float = 3_600) -> Window:
    return Window(0, 3_600, Sums(total - bad, total, observed), 3_600)


def test_the_default_pages_falsely_once_in_years_while_the_promise_is_just_kept() -> None:
    due = Minimum().bad / SRE_PAGE
    chance = 1 - sum(exp(-due) * due**k / factorial(k) for k in range(int(Minimum().bad)))
    assert 1 / chance > 3 * 365 * 24


@pytest.mark.parametrize(
    ("total", "bad", "met"), [(3, 1, False), (9, 9, False), (10, 4, False), (10, 5, True), (100_000, 5, True)]
)
def test_both_counts_must_be_reached(total: float, bad: float, *, met: bool) -> None:
    assert Minimum().met(counted(total, bad)) is met


def test_what_was_not_observed_is_not_enough() -> None:
    assert not Minimum(0, 0).met(counted(0, 0, observed=0))
    assert Minimum(0, 0).met(counted(0, 0))


@given(st.floats(0, 1e9), st.floats(0, 1), st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_events_never_hold_back_what_fewer_let_through(
    total: float, share: float, more: float, bad: float
) -> None:
    minimum = Minimum()
    if minimum.met(counted(total, total * share)):
        assert minimum.met(counted(total + more + bad, total * share + bad))


@pytest.mark.django_db
class TestStatus:
    def quiet_night(self, **policy: Any) -> Any:
        """Three requests in the hour, one of which failed two minutes ago."""
        item = objective(burn_policy=BurnPolicy.objects.create(name="hour", windows=[HOUR], **policy))
        ledger(item, seconds=3_600, step=30, total=0)
        for left, failed in ((2_400, 0), (1_200, 0), (120, 1)):
            _add(item.pk, left, failed)
        return selectors.status(item.name, NOW)

    def test_three_requests_at_night_one_of_them_failing_do_not_page(self) -> None:
        status = self.quiet_night()
        assert status.burns[3_600] == pytest.approx(1 / 3 / 0.001)
        assert (status.exceeded, [w.long for w in status.held]) == ((), [3_600])
        assert status.state != "critical"

    def test_a_policy_may_ask_for_less(self) -> None:
        status = self.quiet_night(minimum={"events": 1, "bad": 1})
        assert (len(status.exceeded), status.held) == (1, ())

    def test_the_public_form_says_what_is_held_back_and_why(self) -> None:
        form = self.quiet_night(minimum={"bad": 2}).as_json()
        assert form["minimum"] == {"events": 10, "bad": 2}
        held = {"severity": "page", "long": "1h", "short": "5m", "events": 3, "bad": 1}
        assert form["held_back"] == [held]

    def test_the_api_tells_it_too(self, client: Client) -> None:
        name = self.quiet_night().name
        headers = {"X-API-Key": issue_token("eye", "viewer", NOW)}
        body = client.get(f"/api/v1/objectives/{name}", {"at": "2026-03-02T12:00:00Z"}, headers=headers).json()
        assert (body["minimum"], body["held_back"][0]["bad"]) == ({"events": 10, "bad": 5}, 1)


def _add(pk: int, left: int, failed: int) -> None:
    """One more request, so many seconds before NOW."""
    later = Measurement.objects.filter(objective=pk, at__gte=to_epoch(NOW) - left)
    later.update(total=F("total") + 1, good=F("good") + 1 - failed)
