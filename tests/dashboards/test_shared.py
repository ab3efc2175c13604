"""However many look at a page, it is drawn once; nobody sees what is not for them because of it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest
from django.conf import LazySettings
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import Runbook
from dashboards.views import sharing
from dashboards.views.sharing import SEEN, Drawing, Drawings, Key
from degradation.models import Flag
from slo.models import Objective
from tests.dashboards.conftest import stop_clocks
from tests.dashboards.matrix import PAGES, furnished
from tests.dashboards.world import World, person
from tests.factories import NOW

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]+')
# Pages that are put together like those with a region, and have none.
WHOLE = {"styleguide", "manage-status"}
READER = Key("/", known=True, role="viewer")


@pytest.fixture(autouse=True)
def _sharing(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SHARED_SECONDS = 60
    monkeypatch.setattr(sharing, "drawings", Drawings())


def somebody(role: str, name: str = "") -> Client:
    user = person(role)
    if name:
        user.username = user.first_name = user.email = name
        user.save()
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def seen(client: Client, path: str, **headers: str) -> str:
    response = client.get(path, headers={"HX-Request": "true", **headers})
    assert response["Cache-Control"] == "private, no-store"
    assert response["Vary"].startswith("HX-Request, Cookie")
    return str(response.content.decode())


def bare(region: str) -> str:
    return TOKEN.sub("", region)


def test_every_region_is_drawn_once_for_a_role_and_has_nothing_of_who_asked_first(
    at_noon: None, settings: LazySettings, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    settings.DEBUG = settings.PUBLIC_STATUS = True
    _, keys = furnished()
    first, second = somebody("operator", "first.of-all@example.com"), somebody("operator")
    forms = 0
    live = [path.format(**keys) for name, paths in PAGES.items() if name not in WHOLE for path in paths]
    for path in live:
        settings.SHARED_SECONDS = 0
        own = second.get(path, headers={"HX-Request": "true"}).content.decode()
        if "<html" in own:  # no region
            continue
        settings.SHARED_SECONDS = 60
        assert "first.of-all" not in seen(first, path), path
        if "nonsense" not in path:
            with django_assert_max_num_queries(3):  # session, person, role
                shared = seen(second, path)
            assert bare(shared) == bare(own), f"{path} shows something of who looks at it"
        for token in set(TOKEN.findall(shared)):
            forms += 1
            assert second.post("/theme/", {"csrfmiddlewaretoken": token}).status_code == 302, f"{path}: a form is dead"
    assert forms > 5


def test_a_role_never_gets_the_drawing_of_another(world: World, settings: LazySettings) -> None:
    operator, viewer, nobody, stranger = somebody("operator"), somebody("viewer"), somebody(""), Client()
    assert 'method="post"' in seen(operator, "/flags/")
    assert 'method="post"' not in seen(viewer, "/flags/")
    answer = stranger.get("/flags/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (401, b"")
    settings.PUBLIC_READ = True
    for client, told in ((nobody, "needs the role operator"), (stranger, "/login/?next=/flags/")):
        assert told in seen(client, "/flags/")
    assert 'method="post"' not in seen(viewer, "/flags/")


def test_an_address_never_gets_the_drawing_of_another(reader: Client) -> None:
    asked = ("", "?q=catalog", "?q=catalog&q=", "?q=CATALOG%26sort=name", '?q=<b>"x', "?q=%00", "?q=\N{SNOWMAN}")
    paths = [f"/objectives/{query}" for query in asked] + ["/alerts/", "/alerts/?state=past"]
    found = {path: seen(reader, path) for path in paths}
    assert {path: seen(reader, path) for path in reversed(paths)} == found
    assert 'href="/objectives/orders-availability/"' in found["/objectives/"]
    assert 'href="/objectives/orders-availability/"' not in found["/objectives/?q=catalog"]
    assert "&lt;b&gt;&quot;x" in found['/objectives/?q=<b>"x']


def test_who_acted_sees_it_at_once_and_nobody_goes_back_in_time(
    reader: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = seen(reader, "/flags/")
    Flag.objects.update(description="Rewritten meanwhile.")
    assert seen(reader, "/flags/") == before
    later = NOW + timedelta(seconds=2)
    stop_clocks(monkeypatch, later)
    monkeypatch.setattr(sharing, "now", lambda: later)
    assert seen(reader, "/flags/", **{SEEN: NOW.isoformat()}) == before, "what one has seen itself may be shown again"
    for nonsense in ("", "soon", "2999-01-01T00:00:00+00:00", "2026-01-01"):
        assert seen(reader, "/flags/", **{SEEN: nonsense}) == before
    acted = seen(reader, "/flags/", **{SEEN: (NOW + timedelta(seconds=1)).isoformat()})
    assert "Rewritten meanwhile." in acted
    assert seen(reader, "/flags/") == acted, "the newer drawing is everybody's"


def test_a_drawing_is_not_shown_for_longer_than_it_may_and_a_whole_page_never(
    reader: Client, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(reader, "/")
    Objective.objects.update(title="Renamed")
    assert b"Renamed" in reader.get("/").content
    assert "Renamed" not in seen(reader, "/")
    monkeypatch.setattr(sharing, "SLOW", 0)
    settings.SHARED_SECONDS = 1e-6
    assert "Renamed" in seen(reader, "/")


def test_what_takes_long_is_drawn_less_often(settings: LazySettings) -> None:
    settings.SHARED_SECONDS = 5
    assert not replace(drawing(), since=monotonic() - 10).fresh
    assert replace(drawing(), since=monotonic() - 10, took=3).fresh
    assert not replace(drawing(), since=monotonic() - 13, took=3).fresh


def test_what_was_not_found_is_not_kept(reader: Client, world: World) -> None:
    assert reader.get("/runbooks/late/", headers={"HX-Request": "true"}).status_code == 404
    Runbook.objects.create(name="late", title="Written meanwhile")
    assert reader.get("/runbooks/late/", headers={"HX-Request": "true"}).status_code == 200
    assert reader.get("/reports/?period=x", headers={"HX-Request": "true"}).status_code == 404
    assert len(sharing.drawings._kept) == 1


def drawing(body: bytes = b"drawn", status: int = 200) -> Drawing:
    return Drawing(body, status, NOW, monotonic())


def test_many_at_once_wait_for_one_drawing() -> None:
    drawings, begun, go, drawn = Drawings(), Event(), Event(), []

    def draw() -> Drawing:
        drawn.append(1)
        begun.set()
        assert go.wait(5)
        return drawing()

    with ThreadPoolExecutor(20) as readers:
        answers = [readers.submit(drawings.get, READER, None, NOW, draw) for _ in range(20)]
        assert begun.wait(5)
        go.set()
        assert {answer.result(5).body for answer in answers} == {b"drawn"}
    assert len(drawn) == 1


def test_what_fails_fails_for_those_who_wait_and_is_tried_again_by_the_next() -> None:
    drawings, begun, go = Drawings(), Event(), Event()

    def fail() -> Drawing:
        begun.set()
        assert go.wait(5)
        raise OSError("the database is away")

    with ThreadPoolExecutor(2) as readers:
        first = readers.submit(drawings.get, READER, None, NOW, fail)
        assert begun.wait(5)
        second = readers.submit(drawings.get, READER, None, NOW, drawing)
        go.set()
        assert isinstance(first.exception(5), OSError)
        # Late enough to draw itself, or told the same.
        assert second.exception(5) is None or isinstance(second.exception(5), OSError)
    assert drawings.get(READER, None, NOW, drawing).body == b"drawn"


def test_an_older_drawing_that_took_longer_does_not_replace_a_newer_one() -> None:
    drawings = Drawings()
    newer = replace(drawing(b"newer"), at=NOW + timedelta(seconds=1))

    def overtaken() -> Drawing:
        drawings.get(READER, NOW + timedelta(seconds=1), NOW + timedelta(seconds=1), lambda: newer)
        return drawing(b"older")

    assert drawings.get(READER, None, NOW, overtaken).body == b"older"
    assert drawings.get(READER, None, NOW, drawing) == newer


def test_memory_is_bounded_whatever_addresses_are_asked_for(settings: LazySettings) -> None:
    drawings = Drawings(most_bytes=100_000)
    for number in range(200):
        drawings.get(replace(READER, address=f"/?{number}"), None, NOW, lambda: drawing(b"x" * 9_000))
    assert 80_000 < drawings.size <= 100_000
    drawings.get(READER, None, NOW, lambda: drawing(b"x" * 200_000))
    assert drawings.size <= 100_000
    settings.SHARED_SECONDS = 1e-6
    drawings.get(READER, None, NOW, drawing)
    assert len(drawings._kept) <= 1, "what nobody may be shown any more is not kept"
