"""The page of an objective says where its budget is going."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import Settings

from dashboards.presenters.objective import objective_page
from slo.maths.windows import floor_to, from_epoch, to_epoch
from tests.factories import NOW, ledger, objective

pytestmark = pytest.mark.django_db
DAY = 86_400


def test_the_page_tells_the_trend_with_its_uncertainty(client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    now = from_epoch(floor_to(to_epoch(datetime.now(UTC)), 30))
    # An hour in a day and a half fails by 20 %, for the last quarter of the period.
    ledger(
        objective("checkout", target=0.99),
        end=now,
        seconds=30 * DAY,
        step=300,
        bad=lambda left: 40 if left < 7 * DAY and left % (DAY * 1.5) < 3_600 else 0.1,
    )
    html = client.get("/objectives/checkout/").content.decode()
    assert "by trend in" in html
    assert "between" in html
    assert "80 % sure" in html


def test_a_calm_objective_is_not_exhausted_by_trend() -> None:
    ledger(objective("calm"), seconds=30 * DAY, step=300, bad=0)
    assert objective_page("calm", NOW).trend == "by trend not within 30\u00a0d"


def test_without_data_nothing_is_foretold() -> None:
    objective("idle")
    assert objective_page("idle", NOW).trend == ""
