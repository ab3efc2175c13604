"""The page of capabilities: modes and harm, banners that people steer, and what changed when."""

from datetime import timedelta

import pytest
from django.test import Client

from dashboards.presenters.capabilities import capabilities_page
from dashboards.presenters.overview import overview
from degradation.models import Banner, Capability, CapabilityStanding
from degradation.services import banners, capabilities
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=6)


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture
def harmed(world: World) -> Capability:
    """Order tracking has harmed users for six minutes, so that its banner is up."""
    item = Capability.objects.get(name="order-tracking")
    capabilities.judge(NOW)
    CapabilityStanding.objects.filter(pk=item.pk).update(harmed_since=NOW - timedelta(minutes=6))
    capabilities.judge(NOW)
    return item


def test_the_page_says_who_is_harmed_since_when_and_what_changed(harmed: Capability) -> None:
    page = capabilities_page(NOW)
    (row,) = (row for row in page.rows if row.name == harmed.name)
    assert row.now.harms
    assert (row.since, row.harmed_since) == (NOW, NOW - timedelta(minutes=6))
    assert row.banner_after == 300
    assert [mode.harms for mode in row.modes] == [False, True]
    assert {(change.name, change.mode) for change in page.changes} >= {(harmed.name, row.now.mode)}
    assert [(banner.about, banner.by) for banner in page.banners] == [(str(harmed), "by itself")]
    assert [banner.text for banner in overview(NOW).banners] == [page.banners[0].text]


def test_everybody_reads_it_on_the_pages(harmed: Capability, reader: Client) -> None:
    shown = text(reader, "/capabilities/")
    assert "users harmed for" in shown
    assert "harms users" in shown
    assert "Take down" not in shown
    assert "Put up a banner" not in shown
    message = Banner.objects.get().text
    assert f"Users read in a banner: <q>{message}" in text(reader, "/").replace("&#x27;", "'")


def test_operators_put_banners_up_and_take_them_down(world: World, operator: Client) -> None:
    said = {"text": "Parcels are <late>", "reason": "a storm", "minutes": "60"}
    answer = operator.post("/banners/", said, follow=True)
    assert "The banner is up." in answer.content.decode()
    banner = Banner.objects.get()
    assert (banner.text, banner.reason, banner.put_up_by) == ("Parcels are <late>", "a storm", "operator")
    assert banner.until is not None
    assert "Users read <q>Parcels are &lt;late&gt;" in text(operator, "/capabilities/")
    assert "Parcels are &lt;late&gt;" in text(Client(), "/status/")
    refused = operator.post(f"/banners/{banner.pk}/take-down/", {"reason": ""}, follow=True)
    assert "The banner stays. Say why" in refused.content.decode()
    operator.post(f"/banners/{banner.pk}/take-down/", {"reason": "it has passed"})
    banner.refresh_from_db()
    assert banner.ended_reason == "it has passed"
    assert "Users read <q>" not in text(operator, "/capabilities/")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": " ", "reason": "x"}, "Say what users shall read"),
        ({"text": "x", "reason": ""}, "Say why"),
        ({"text": "x" * 501, "reason": "x"}, "at most 500 characters"),
        ({"text": "x", "reason": "x", "minutes": "-5"}, "not one of the available choices"),
    ],
)
def test_a_poor_banner_is_refused_in_words(world: World, operator: Client, said: dict[str, str], words: str) -> None:
    assert words in operator.post("/banners/", said, follow=True).content.decode()
    assert not Banner.objects.exists()


def test_only_operators_touch_banners(world: World, reader: Client) -> None:
    banner = banners.put_up("Parcels are late", reason="a storm", at=NOW, by="ada")
    assert reader.post("/banners/", {"text": "x", "reason": "x"}).status_code in (302, 403)
    assert reader.post(f"/banners/{banner.pk}/take-down/", {"reason": "x"}).status_code in (302, 403)
    assert Banner.objects.get(ended_at=None).pk == banner.pk
