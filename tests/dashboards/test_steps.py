"""Pages show which step of its error-budget policy an objective is in, and what that means."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from alerts.services.evaluate import evaluate
from dashboards.presenters.objective import objective_page
from dashboards.presenters.overview import overview
from slo.models import BudgetPolicy
from tests.factories import NOW, ledger, objective, service

pytestmark = pytest.mark.django_db
STEPS = [
    {"remaining": 0.5, "action": "inform", "text": "Talk about it."},
    {"remaining": 0.2, "action": "freeze-risky", "text": "No migrations."},
]


@pytest.fixture(autouse=True)
def _shop(settings: Settings, at_noon: None) -> None:
    settings.PUBLIC_READ = True
    shop = service("shop")
    BudgetPolicy.objects.create(name="agreed", services=["shop"], steps=STEPS)
    for name, bad in (("calm", 1), ("low", 6), ("lower", 9)):
        ledger(objective(name, target=0.9, days=1, service=shop), bad=bad)
    evaluate(NOW)


def test_the_overview_lists_the_strictest_step_first(client: Client) -> None:
    rows = overview(NOW + timedelta(minutes=1)).steps
    assert [(row.objective, row.badge.word) for row in rows] == [("lower", "Freeze risky changes"), ("low", "Inform")]
    assert {row.since for row in rows} == {NOW}
    html = client.get("/").content.decode()
    assert "Error-budget policies" in html
    assert "No migrations." in html


def test_the_page_of_an_objective_says_what_is_agreed(client: Client) -> None:
    assert objective_page("calm", NOW).step is None
    html = client.get("/objectives/lower/").content.decode()
    assert "Freeze risky changes" in html
    assert "from 20\u00a0% of the budget down, by the error-budget policy agreed" in html
    assert "No migrations." in html
    assert "error-budget policy" not in client.get("/objectives/calm/").content.decode()
