"""The admin shows what there is, and changes none of it: the catalog is where things are defined."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slo.models import ApiToken
from slo.services.access import issue_token
from tests.factories import NOW, objective

pytestmark = pytest.mark.django_db
LISTS = (
    "slo/objective",
    "slo/service",
    "slo/component",
    "slo/correction",
    "alerts/alert",
    "alerts/silence",
    "degradation/flag",
)


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", password="a long password"))
    return client


@pytest.mark.parametrize("model", LISTS)
def test_lists_open_and_offer_nothing_to_add(admin: Client, model: str) -> None:
    objective("checkout")
    assert admin.get(f"/admin/{model}/").status_code == 200
    assert admin.get(f"/admin/{model}/add/").status_code == 403


def test_an_objective_is_read_only(admin: Client) -> None:
    item = objective("checkout")
    assert admin.post(f"/admin/slo/objective/{item.pk}/change/", {"target": "0.5"}).status_code == 403
    item.refresh_from_db()
    assert item.target == 0.999


def test_the_digest_of_a_token_is_not_shown(admin: Client) -> None:
    issue_token("robot", "viewer", NOW)
    token = ApiToken.objects.get()
    page = admin.get(f"/admin/slo/apitoken/{token.pk}/change/").content.decode()
    assert "robot" in page
    assert token.digest not in page
