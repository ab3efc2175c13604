"""Pages answer to whom they should, with what they should, with and without JavaScript."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from alerts.models import Alert
from degradation.models import Flag, FlagChange
from tests.dashboards.world import PASSWORD, World, person
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/objectives/",
    "/objectives/?q=orders&sort=-burn&state=critical",
    "/objectives/orders-availability/",
    "/objectives/catalog-availability/?range=90d",
    "/capabilities/",
    "/capabilities/?down=orders&down=catalog",
    "/components/",
    "/components/orders/",
    "/alerts/",
    "/alerts/?objective=orders-availability",
    "/channels/",
    "/channels/on-call/",
    "/alerts/?state=past&q=a&severity=page&kind=burn&mark=silenced&period=7d",
    "/silences/",
    "/silences/?matchers=severity%3Dpage",
    "/flags/",
    "/runbooks/",
    "/runbooks/orders/",
)
PUBLIC = pytest.mark.parametrize("page", PAGES)


def text(response: Any) -> str:
    body: str = response.content.decode()
    return body


@PUBLIC
def test_every_page_answers_a_reader(reader: Client, page: str) -> None:
    response = reader.get(page)
    assert response.status_code == 200
    assert "<h1" in text(response)


@PUBLIC
def test_strangers_are_sent_to_log_in_and_back(client: Client, world: World, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=/")


@PUBLIC
def test_public_reading_needs_no_login(client: Client, world: World, settings: LazySettings, page: str) -> None:
    settings.PUBLIC_READ = True
    assert client.get(page).status_code == 200


@PUBLIC
def test_no_page_writes_scripts_styles_or_handlers_into_itself(reader: Client, page: str) -> None:
    body = text(reader.get(page))
    assert not re.search(
        r"<style|\sstyle=|<script(?![^>]*\s(src=|type=\"application/json\"))|\son\w+=|javascript:", body
    )


@PUBLIC
def test_no_page_shows_a_raw_python_value(reader: Client, page: str) -> None:
    body = re.sub(r"<pre.*?</pre>", "", text(reader.get(page)), flags=re.DOTALL)
    assert not re.search(r">\s*(None|True|False|nan|inf)\b|datetime\.|object at 0x", body)


@PUBLIC
def test_htmx_gets_the_region_with_title_and_strip_alone(reader: Client, page: str) -> None:
    body = text(reader.get(page, headers={"HX-Request": "true"}))
    assert body.lstrip().startswith("<title>")
    assert "<html" not in body
    assert re.search(r'id="strip"[^>]* hx-swap-oob="true"', body)
    assert 'id="as-of"' in body


@PUBLIC
def test_every_htmx_address_repeats_a_true_one(reader: Client, page: str) -> None:
    for address in re.findall(r'hx-get="([^"]+)"', text(reader.get(page))):
        assert reader.get(address.replace("&amp;", "&")).status_code == 200


def test_every_link_leads_somewhere(reader: Client) -> None:
    seen, waiting = {_kind("/")}, ["/"]
    while waiting:
        address = waiting.pop(0)
        response = reader.get(address)
        assert response.status_code in (200, 302), address
        found = {link.replace("&amp;", "&").split("#")[0] for link in re.findall(r'href="(/[^"]*)"', text(response))}
        for link in sorted(found):
            if not link.startswith("/static/") and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(link)
    assert len(seen) > 60


def _kind(address: str) -> tuple[str, ...]:
    """Path and parameters, of which the values are many: a page that sorts by one column sorts by the next."""
    path, _, query = address.partition("?")
    return path, *sorted({name for name, _ in parse_qsl(query, keep_blank_values=True)})


def test_a_region_that_refreshes_after_the_session_ended_gets_no_login_page(client: Client, world: World) -> None:
    response = client.get("/alerts/", headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (401, b"")


def test_a_user_without_a_role_may_not_read(client: Client, world: World) -> None:
    client.force_login(person(""), backend="django.contrib.auth.backends.ModelBackend")
    response = client.get("/")
    assert response.status_code == 403
    assert "This needs the role viewer" in text(response)


@pytest.mark.parametrize(
    "page", ["/objectives/nothing/", "/components/nothing/", "/runbooks/nothing/", "/alerts/4711/", "/nowhere"]
)
def test_what_is_not_there_says_so(reader: Client, page: str) -> None:
    response = reader.get(page)
    assert response.status_code == 404
    assert "There is nothing at this address" in text(response)


def test_a_page_is_never_kept_by_a_cache_of_others(reader: Client) -> None:
    response = reader.get("/")
    assert response["Cache-Control"] == "private, no-store"
    assert "HX-Request" in response["Vary"]


# Flags ------------------------------------------------------------------------------------------------------------
def force(client: Client, **fields: str) -> Any:
    return client.post(
        "/flags/order-updates/", {"value": "on", "reason": "needed for the fair", "minutes": "60", **fields}
    )


def test_an_operator_forces_a_flag_with_reason_and_expiry(operator: Client, world: World) -> None:
    response = force(operator)
    assert response["Location"] == "/flags/#flag-order-updates"
    flag = Flag.objects.get()
    assert (flag.override, flag.override_reason) == ("on", "needed for the fair")
    assert flag.override_until is not None
    assert (flag.override_until - NOW).total_seconds() == 3_600
    page = text(operator.get("/flags/"))
    assert "order-updates is forced on for 1\u00a0h." in page
    assert "Forced on" in page


@pytest.mark.parametrize("missing", ["reason", "minutes", "value"])
def test_nothing_changes_without_a_reason_and_an_expiry(operator: Client, world: World, missing: str) -> None:
    force(operator, **{missing: ""})
    assert Flag.objects.get().override == ""
    assert 'class="notice error"' in text(operator.get("/flags/"))


def test_a_change_by_somebody_faster_is_not_overwritten(operator: Client, world: World) -> None:
    Flag.objects.update(version=7)
    force(operator, version="6")
    assert Flag.objects.get().override == ""


def test_a_forced_flag_is_handed_back(operator: Client, world: World) -> None:
    force(operator)
    force(operator, value="auto", reason="the fair is over")
    assert Flag.objects.get().override == ""
    assert FlagChange.objects.filter(cause="released").count() == 1


def test_restoring_everything_needs_a_reason(operator: Client, world: World) -> None:
    operator.post("/flags/restore-everything", {"reason": " "})
    assert Flag.objects.get().shed_at is not None
    operator.post("/flags/restore-everything", {"reason": "false alarm"})
    assert Flag.objects.get().shed_at is None
    assert "1 flag restored." in text(operator.get("/flags/"))


def test_the_address_of_a_flag_is_its_place_on_the_page(reader: Client) -> None:
    assert reader.get("/flags/order-updates/")["Location"] == "/flags/#flag-order-updates"


def test_a_flag_nobody_knows_is_not_found(operator: Client) -> None:
    response = operator.post("/flags/unknown/", {"value": "on", "reason": "why not", "minutes": "60"})
    assert response.status_code == 404


# Alerts -----------------------------------------------------------------------------------------------------------
def test_an_operator_acknowledges_with_a_note(operator: Client, world: World) -> None:
    operator.post(f"/alerts/{world.alert.pk}/acknowledge/", {"note": "on it"})
    alert = Alert.objects.get()
    assert (alert.acknowledgement, alert.acknowledged_at) == ("on it", NOW)
    page = text(operator.get(f"/alerts/{alert.pk}/"))
    assert "<b>operator</b> took it on" in page
    assert "<q>on it</q>" in page


def test_the_second_to_acknowledge_reads_who_was_first(operator: Client, world: World) -> None:
    for note in ("first", "second"):
        operator.post(f"/alerts/{world.alert.pk}/acknowledge/", {"note": note})
    assert Alert.objects.get().acknowledgement == "first"
    assert 'class="notice error"' in text(operator.get("/alerts/"))


def test_the_runbook_stands_beside_the_alert_sanitised(reader: Client, world: World) -> None:
    page = text(reader.get(f"/alerts/{world.alert.pk}/"))
    assert "<em>status page</em>" in page
    assert "<script>alert" not in page


def test_the_next_step_comes_first_then_the_runbook_then_what_happened(operator: Client, world: World) -> None:
    page = text(operator.get(f"/alerts/{world.alert.pk}/"))
    order = ("Acknowledge</button>", "work through it", "Spent so far", '<h2 id="h-runbook"', "h-public", "h-timeline")
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    operator.post(f"/alerts/{world.alert.pk}/acknowledge/", {"note": "on it"})
    page = text(operator.get(f"/alerts/{world.alert.pk}/"))
    assert 'class="primary"><span>Runbook' in page, "once somebody has it, the runbook is the next step"
    assert "act-bar" not in page


def test_the_timeline_says_what_the_episode_had_cost_by_each_moment(reader: Client, world: World) -> None:
    page = reader.get(f"/alerts/{world.alert.pk}/").context["page"]
    assert page.spent == pytest.approx(240 / 288), "bad events of those the period has room for"
    said = [event.spent for event in reversed(page.events) if event.spent]
    shares = [float(text.split("\xa0")[0]) for text in said]
    assert len(shares) >= 2
    assert shares == sorted(set(shares))
    assert shares[-1] <= 100 * page.spent + 0.05
    Alert.objects.update(state="resolved", ended_at=NOW, spent=0.01)
    page = reader.get(f"/alerts/{world.alert.pk}/").context["page"]
    assert page.spent == 0.01
    assert max(float(event.spent.split("\xa0")[0]) for event in page.events if event.spent) <= 1.0


# Rights -----------------------------------------------------------------------------------------------------------
ACTIONS: tuple[Callable[[World], str], ...] = (
    lambda world: "/flags/order-updates/",
    lambda world: "/flags/restore-everything",
    lambda world: f"/alerts/{world.alert.pk}/acknowledge/",
)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", ["viewer", "", None])
def test_only_operators_act(client: Client, world: World, role: str | None, action: Callable[[World], str]) -> None:
    if role is not None:
        client.force_login(person(role), backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(action(world), {"value": "on", "reason": "mischief", "minutes": "60", "note": "mischief"})
    assert response.status_code == 403
    assert not Flag.objects.exclude(override="").exists()
    assert Alert.objects.get().acknowledged_at is None


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_need_a_csrf_token(world: World, action: Callable[[World], str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("admin"), backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(action(world), {"reason": "mischief"})
    assert response.status_code == 403
    assert "That form was too old" in text(response)


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_no_links(operator: Client, world: World, action: Callable[[World], str]) -> None:
    assert operator.get(action(world)).status_code in (302, 405)
    assert not Flag.objects.exclude(override="").exists()


def test_readers_are_told_how_to_act_instead_of_shown_buttons(reader: Client, world: World) -> None:
    flags, alert = text(reader.get("/flags/")), text(reader.get(f"/alerts/{world.alert.pk}/"))
    assert "Changing flags needs the role operator" in flags
    assert '<summary class="button">Change' not in flags
    assert "Acknowledging needs the role operator" in alert


# People -----------------------------------------------------------------------------------------------------------
def log_in(client: Client, password: str, then: str = "") -> Any:
    return client.post("/login/", {"username": "viewer", "password": password, "next": then})


def test_logging_in_leads_back(client: Client, world: World) -> None:
    person("viewer", PASSWORD)
    assert log_in(client, PASSWORD, "/alerts/")["Location"] == "/alerts/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example"])
def test_logging_in_leads_nowhere_else(client: Client, world: World, elsewhere: str) -> None:
    person("viewer", PASSWORD)
    assert log_in(client, PASSWORD, elsewhere)["Location"] == "/"
    response = client.post("/theme/", {"theme": "dark", "next": elsewhere})
    assert response["Location"] == "/"


def test_guessing_passwords_is_throttled(client: Client, world: World) -> None:
    person("viewer", PASSWORD)
    answers = [log_in(client, "wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    response = log_in(client, PASSWORD)
    assert response.status_code == 429
    assert "Too many attempts" in text(response)


def test_logging_out_is_a_form(reader: Client) -> None:
    assert reader.get("/logout/").status_code == 405
    assert reader.post("/logout/").status_code == 302
    assert User.objects.count() == 1


def test_the_theme_is_kept_in_a_cookie(reader: Client) -> None:
    reader.post("/theme/", {"theme": "dark", "next": "/flags/"})
    assert 'data-theme="dark"' in text(reader.get("/"))
    reader.post("/theme/", {"theme": "neon"})
    assert 'data-theme="dark"' in text(reader.get("/"))


def test_a_page_that_breaks_says_what_goes_on(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the presenter is ill")

    monkeypatch.setattr("dashboards.views.watching.overview_page", broken)
    reader.raise_request_exception = False
    response = reader.get("/")
    assert response.status_code == 500
    assert "Measuring, alerting and shedding go on" in text(response)
    assert "ill" not in text(response).replace("still", "")


def test_empty_pages_say_what_to_do(client: Client, at_noon: None) -> None:
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    for page in ("/", "/objectives/", "/capabilities/", "/components/", "/alerts/", "/flags/", "/runbooks/"):
        assert 'class="empty' in text(client.get(page)), page
