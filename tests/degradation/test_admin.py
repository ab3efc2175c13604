"""The admin shows this package's rows and changes none: what people do has pages, reasons and audit rows."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.degradation import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(
        User.objects.create_superuser("root", password="x"), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


@pytest.mark.parametrize("model", ["flag", "flagchange", "sheddingpolicy", "shedding", "capability"])
def test_every_list_can_be_looked_at_and_nothing_added(admin: Client, model: str) -> None:
    flag = rows.shed(rows.flag("nudges"))
    rows.policy(flag.service)
    assert admin.get(f"/admin/degradation/{model}/").status_code == 200
    assert admin.get(f"/admin/degradation/{model}/add/").status_code == 403


def test_a_flag_cannot_be_changed_behind_the_audit(admin: Client) -> None:
    flag = rows.flag("nudges")
    assert admin.post(f"/admin/degradation/flag/{flag.pk}/change/", {"override": "off"}).status_code == 403
