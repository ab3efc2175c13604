"""Settings on a page: sources and services as documents, tokens and people, each for those who may."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from alerts.models import Channel
from dashboards.presenters.document_kinds import KINDS
from slo.models import ApiToken, Component, Edit, Objective, Service, Source
from slo.services.access import role_of, valid_token
from slo.services.catalog import apply_documents
from slo.sources.fake import standing_in
from tests.dashboards.world import World, person
from tests.factories import NOW

SOURCE = """\
apiVersion: openslo/v1
kind: DataSource
metadata: {name: mimir}
spec: {type: prometheus, connectionDetails: {url: "http://mimir.example"}}
"""
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    client.force_login(person("admin"), backend=BACKEND)
    return client


def text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


ACTS = ("tokens/", "tokens/revoke/", "people/", "people/1/", "sources/new/", "services/shop/")


def test_each_role_sees_and_does_what_it_may(client: Client, world: World) -> None:
    people = {role: person(role) for role in ("viewer", "operator")}
    client.force_login(people["viewer"], backend=BACKEND)
    assert client.get("/settings/").status_code == 403
    assert 'href="/settings/"' not in text(client.get("/"))
    client.force_login(people["operator"], backend=BACKEND)
    page = text(client.get("/settings/"))
    assert 'href="/settings/"' in page
    assert "API tokens" not in page
    assert "People" not in page
    for act in ACTS:
        assert client.post(f"/settings/{act}", {}).status_code == 403, act


def test_a_token_is_shown_once_and_revoked(admin: Client) -> None:
    answer = admin.post("/settings/tokens/", {"name": "shop", "role": "reporter"})
    found = re.search(r"bro_[\w-]+", text(answer))
    assert found
    assert answer["Cache-Control"] == "private, no-store"
    token = valid_token(found[0])
    assert token
    assert (token.name, token.role) == ("shop", "reporter")
    assert found[0] not in text(admin.get("/settings/"))
    admin.post("/settings/tokens/", {"name": "shop", "role": "admin"})
    assert "There is a token named shop already" in text(admin.get("/settings/"))
    assert valid_token(found[0])
    admin.post("/settings/tokens/revoke/", {"name": "shop"})
    assert valid_token(found[0]) is None
    assert [(edit.name, edit.action) for edit in Edit.objects.all()] == [("shop", "revoked"), ("shop", "created")]
    assert all(found[0] not in edit.text for edit in Edit.objects.all())


@pytest.mark.parametrize("wrong", [{}, {"name": "x" * 200, "role": "viewer"}, {"name": "<b>", "role": "viewer"}])
def test_a_token_that_makes_no_sense_is_refused(admin: Client, wrong: dict[str, str]) -> None:
    assert admin.post("/settings/tokens/", wrong).status_code == 302
    assert admin.post("/settings/tokens/", {"name": "x", "role": "emperor"}).status_code == 302
    assert not ApiToken.objects.exists()


def test_somebody_is_invited_and_chooses_a_password_once(admin: Client) -> None:
    page = text(admin.post("/settings/people/", {"name": "kim", "email": "", "role": "operator"}))
    found = re.search(r"/welcome/[\w/-]+/", page)
    assert found
    kim, stranger = User.objects.get(username="kim"), Client()
    assert (role_of(kim), kim.has_usable_password()) == ("operator", False)
    form = stranger.get(found[0])["Location"]
    assert "too common" in text(stranger.post(form, {"new_password1": "password", "new_password2": "password"}))
    secret = "a purple wombat 77"
    assert stranger.post(form, {"new_password1": secret, "new_password2": secret})["Location"] == "/login/"
    kim.refresh_from_db()
    assert kim.check_password(secret)
    assert "used already" in text(Client().get(found[0], follow=True))
    again = admin.post("/settings/people/", {"name": "kim", "role": "admin"}, follow=True)
    assert "Nobody was invited" in text(again)


def test_roles_change_and_nobody_locks_themselves_out(admin: Client) -> None:
    lee, me = person("viewer"), User.objects.get(username="admin")
    admin.post(f"/settings/people/{lee.pk}/", {"role": "operator", "active": "1"})
    assert role_of(User.objects.get(pk=lee.pk)) == "operator"
    admin.post(f"/settings/people/{lee.pk}/", {"role": "operator"})
    assert not User.objects.get(pk=lee.pk).is_active
    answer = admin.post(f"/settings/people/{me.pk}/", {"role": "viewer", "active": "1"}, follow=True)
    assert "nobody takes their own rights away" in text(answer)
    root = User.objects.create_superuser("root")
    answer = admin.post(f"/settings/people/{root.pk}/", {"do": "link"}, follow=True)
    assert "manage.py changepassword" in text(answer)
    assert admin.post("/settings/people/99999/", {"role": "viewer"}).status_code == 404


def test_a_source_is_written_as_its_document_and_tried(admin: Client) -> None:
    assert admin.get("/settings/nonsense/new/").status_code == 404
    assert admin.get("/settings/sources/nothing/").status_code == 404
    assert admin.post("/settings/sources/new/", {"text": SOURCE})["Location"] == "/settings/"
    assert Source.objects.get(name="mimir").made_by == "admin"
    assert admin.post("/settings/sources/new/", {"text": SOURCE}).status_code == 409
    page = admin.get("/settings/sources/mimir/")
    wrong = page.context["text"].replace("url:", "curl:")
    answer = admin.post("/settings/sources/mimir/", {"text": wrong, "seen": page.context["seen"]})
    assert answer.status_code == 422
    assert "curl" in text(answer)
    assert admin.post("/settings/sources/mimir/", {"text": page.context["text"], "seen": "stale"}).status_code == 409
    secret = page.context["text"] + "    bearerToken: hunter2\n"
    assert admin.post("/settings/sources/mimir/", {"text": secret, "seen": page.context["seen"]}).status_code == 422
    with standing_in() as fake:
        fake.labelled = [{"job": "shop"}]
        assert "It answers, and scrapes shop." in text(admin.post("/settings/sources/mimir/test/", follow=True))
        fake.outage(0, int(NOW.timestamp()))
        assert "out of order" in text(admin.post("/settings/sources/mimir/test/", follow=True))


def test_what_is_used_is_not_deleted_and_what_is_not_goes_after_a_question(admin: Client) -> None:
    admin.post("/settings/sources/new/", {"text": SOURCE})
    assert "Yes, delete it" in text(admin.get("/settings/sources/mimir/"))
    used = Objective.objects.get(name="orders-availability").source
    answer = admin.post(f"/settings/sources/{used.name}/", {"do": "delete"})
    assert answer.status_code == 409
    assert f"needs {used.name}; change that first" in text(answer)
    answer = admin.post("/settings/services/shop/", {"do": "delete"})
    assert answer.status_code == 409
    assert "the objective catalog-availability" in text(answer)
    Objective.objects.all().delete()
    answer = admin.post("/settings/services/shop/", {"do": "delete"})
    assert answer.status_code == 409
    assert "of its components" in text(answer), "nothing goes with it without a word"
    assert admin.post("/settings/sources/mimir/", {"do": "delete"})["Location"] == "/settings/"
    assert not Source.objects.filter(name="mimir").exists()
    assert Edit.objects.filter(kind="DataSource", name="mimir").latest("pk").action == "deleted"
    assert admin.post("/settings/flags/order-updates/", {"do": "delete"}).status_code == 404


@pytest.mark.parametrize("slug", KINDS)
def test_every_kind_of_document_is_written_in_words_people_use(admin: Client, slug: str) -> None:
    page = text(admin.get(f"/settings/{slug}/new/"))
    assert f"<h1>New {KINDS[slug].one}</h1>" in page
    till, _ = Service.objects.get_or_create(name="checkout")
    Component.objects.get_or_create(name="payments", defaults={"service": till, "tier": 2, "target": 0.9999})
    template = admin.get(f"/settings/{slug}/new/").context["text"]
    if slug in {"services", "components", "channels"}:
        template = re.sub(r"(?m)^  name: .*$", "  name: another", template)
    answer = admin.post(f"/settings/{slug}/new/", {"text": template})
    assert answer.status_code == 302, answer.context["errors"] if answer.context else text(answer)
    assert Edit.objects.filter(kind=KINDS[slug].kind, action="created").exists()
    broken = admin.post(f"/settings/{slug}/new/", {"text": template.replace("spec:", "spce:")})
    assert broken.status_code == 422
    assert re.search(r"Line \d+: ", text(broken))


CHANNEL = """\
apiVersion: brownout/v1
kind: Channel
metadata: {name: night}
spec: {type: slack, severities: [page], connectionDetails: {url: {fromEnv: NIGHT_URL}}}
"""


def test_a_channel_is_made_and_changed_on_a_page_and_outlives_the_next_apply(
    admin: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'href="/settings/channels/new/"' in text(admin.get("/settings/"))
    assert 'href="/settings/channels/new/"' in text(admin.get("/channels/"))
    assert "fromEnv" in text(admin.get("/settings/channels/new/"))
    plain = CHANNEL.replace("{fromEnv: NIGHT_URL}", "https://hooks.example/T0KEN")
    answer = admin.post("/settings/channels/new/", {"text": plain})
    assert answer.status_code == 422
    assert "spec.connectionDetails.url" in text(answer)
    answer = admin.post("/settings/channels/new/", {"text": CHANNEL})
    assert answer["Location"] == "/channels/night/"
    assert admin.post("/settings/channels/new/", {"text": CHANNEL}).status_code == 409
    made = Channel.objects.get(name="night")
    assert (made.kind, made.severities, made.made_by) == ("slack", ["page"], "admin")
    assert 'action="/channels/night/test/"' in text(admin.get("/channels/night/"))
    page = admin.get("/settings/channels/night/")
    assert "NIGHT_URL" in page.context["text"]
    changed = page.context["text"].replace("- page", "- ticket")
    admin.post("/settings/channels/night/", {"text": changed, "seen": page.context["seen"]})
    assert Channel.objects.get(name="night").severities == ["ticket"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channels.yaml").write_text(CHANNEL.replace("night", "day"))
    apply_documents([tmp_path / "channels.yaml"], NOW, prune=True)
    assert list(Channel.objects.values_list("name", "file")) == [("day", "channels.yaml"), ("night", "")]
    assert "applied from <span" in text(admin.get("/settings/channels/day/"))


def test_only_administrators_write_channels(operator: Client) -> None:
    assert operator.get("/settings/channels/new/").status_code == 403
    assert operator.post("/settings/channels/new/", {"text": CHANNEL}).status_code == 403
    assert "/settings/channels/" not in text(operator.get("/channels/"))
