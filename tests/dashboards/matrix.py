"""Every page there is, as an address in the world of these tests. A new page without an entry fails test_matrix.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.urls import URLPattern, URLResolver
from django.utils.module_loading import import_string

from alerts.models import RunbookRun, Silence
from degradation.models import Capability, Incident, Subscriber
from degradation.services import banners
from degradation.services.capabilities import judge
from degradation.services.incidents import open_incident, update_incident
from degradation.services.subscribers import add_webhook
from slo.models import Objective
from tests.dashboards.world import World, trouble
from tests.factories import NOW

# URL name → addresses to look at: the page as it comes, and in states that look different.
PAGES: dict[str, tuple[str, ...]] = {
    "overview": ("/",),
    "wallboard": ("/wallboard/",),
    "objectives": ("/objectives/", "/objectives/?q=nothing+like+this"),
    "objective": ("/objectives/orders-availability/?range=1h",),
    "new-objective": ("/objectives/new/",),
    "edit-objective": ("/objectives/orders-availability/edit/",),
    "delete-objective": ("/objectives/orders-availability/delete/",),
    "capabilities": ("/capabilities/?down=orders",),
    "components": ("/components/",),
    "component": ("/components/orders/",),
    "dependencies": ("/dependencies/",),
    "availability": ("/availability/",),
    "system": ("/availability/shop/?down=orders",),
    "alerts": ("/alerts/",),
    "alert": ("/alerts/{alert}/",),
    "silences": ("/silences/?alert={alert}",),
    "channels": ("/channels/",),
    "channel": ("/channels/on-call/",),
    "flags": ("/flags/",),
    "shedding": ("/shedding/",),
    "post-mortem": ("/alerts/{alert}/post-mortem/",),
    "runbooks": ("/runbooks/",),
    "new-runbook": ("/runbooks/new",),
    "runbook": ("/runbooks/orders/",),
    "edit-runbook": ("/runbooks/orders/edit",),
    "runbook-versions": ("/runbooks/orders/versions/",),
    "run": ("/runs/{run}/",),
    "reports": ("/reports/", "/reports/?period=nonsense"),
    "status": ("/status/",),
    "status-incident": ("/status/incidents/{incident}/",),
    "subscription": ("/status/subscription/key-of-ada/",),
    "manage-status": ("/status/manage/",),
    "styleguide": ("/styleguide/",),
    "settings": ("/settings/",),
    "new-document": ("/settings/sources/new/",),
    "edit-document": ("/settings/services/shop/",),
    "choose-password": ("/welcome/MQ/nonsense/",),
    "login": ("/login/",),
}
# URL name → why nobody looks at it as a page. test_matrix.py asks the views whether that is true.
NO_PAGES: dict[str, str] = {
    "api-v2": "data",
    "capability-badge": "picture",
    "figures": "part of a page",
    "figures-file": "file",
    "flag": "leads to its place on the page of flags",
    "post-mortem-file": "file",
    "silence-preview": "part of a page",
    "status-badge": "picture",
    "status-feed": "data",
}


def patterns() -> dict[str, dict[str, object]]:
    """The names of all addresses in dashboards/urls.py, each with the converters of its arguments."""
    return dict(_patterns(import_string("dashboards.urls.urlpatterns")))


def _patterns(found: Iterable[URLPattern | URLResolver]) -> Iterable[tuple[str, dict[str, object]]]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            yield pattern.name, dict(pattern.pattern.converters)


def furnished() -> tuple[World, dict[str, int | str]]:
    """The world in trouble with something on every page, and a name nobody wanted to read; what addresses need."""
    world = trouble()
    Objective.objects.filter(pk=world.healthy.pk).update(title="Donaudampfschifffahrtsgesellschaft" * 5)
    Silence.objects.create(
        matchers=['service="elsewhere"'],
        reason="moving house",
        by="sam",
        created_at=NOW,
        start=NOW,
        end=NOW + timedelta(hours=2),
    )
    version = world.runbook.versions.get()
    run = RunbookRun.objects.create(
        runbook=world.runbook,
        name=world.runbook.name,
        title=world.runbook.title,
        number=version.number,
        body=version.body,
        alert=world.alert,
        started_at=NOW,
    )
    return world, {"alert": world.alert.pk, "run": run.pk, "incident": str(_told(world).key)}


def _told(world: World) -> Incident:
    """Users are told of the alert and of something that is over; a stranger and a program hear of it."""
    judge(NOW - timedelta(days=2))
    judge(NOW)
    Subscriber.objects.create(address="ada@example.com", key="key-of-ada", created_at=NOW)
    add_webhook("https://chat.example/" + "a" * 200, at=NOW, by="sam")
    over = open_incident("Slow", "All is slow.", impact="minor", at=NOW - timedelta(days=2), by="sam")
    update_incident(over.pk, "Over.", state="resolved", at=NOW - timedelta(days=1), by="sam")
    names = list(Capability.objects.values_list("name", flat=True))
    long = "Donaudampfschifffahrtsgesellschaft" * 5
    banners.put_up(long, reason="so", at=NOW, by="sam")
    return open_incident(long, long, impact="major", at=NOW, by="sam", capabilities=names, alert=world.alert)
