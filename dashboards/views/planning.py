"""Pages that say whether promises can be kept, and what depends on what."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from dashboards.access import operator, reader
from dashboards.presenters.availability import availability_page
from dashboards.presenters.dependencies import dependencies_page
from dashboards.presenters.system import query_of, system_page
from dashboards.views.acting import person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo import selectors_systems as systems
from slo.errors import BrownoutError, DefinitionError, NotFoundError
from slo.selectors_systems import Change
from slo.services import scenarios


@require_safe
@reader
@shared
def availability(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "availability", "Availability", at, page=availability_page(at))


@require_safe
@reader
@shared
def system(request: HttpRequest, name: str) -> HttpResponse:
    """One system, with the changes that the address states; what is no change is left out and said."""
    changes, problems = _changes(request.GET)
    at = now()
    page = system_page(name, at, changes)
    shown = {"problems": problems, "here": urlencode(query_of(changes))}
    return respond(request, "system", page.row.title, at, page=page, **shown)


@require_POST
@operator
def keep_scenario(request: HttpRequest, name: str) -> HttpResponse:
    """Keep the changes of the form under a name."""
    of = systems.system(name)
    changes, problems = _changes(request.POST)
    try:
        for problem in problems:
            raise DefinitionError(problem)
        stated = {component: _stated(change) for component, change in changes.items()}
        kept = scenarios.keep(of, request.POST.get("name", ""), stated, now(), user=person(request))
        messages.success(request, f"The scenario {kept.name!r} is kept.")
    except BrownoutError as error:
        messages.error(request, f"Nothing was kept: {error}")
    return HttpResponseRedirect(f"{reverse('system', args=[name])}?{urlencode(query_of(changes))}#h-scenarios")


@require_POST
@operator
def forget_scenario(request: HttpRequest, name: str, scenario: str) -> HttpResponse:
    """Delete a scenario."""
    try:
        scenarios.forget(systems.system(name), scenario)
        messages.success(request, f"The scenario {scenario!r} is gone.")
    except NotFoundError as error:
        messages.error(request, str(error))
    return redirect("system", name)


@require_safe
@reader
@shared
def dependencies(request: HttpRequest) -> HttpResponse:
    at = now()
    page = dependencies_page(at, request.GET.get("around", "")[:200])
    return respond(request, "dependencies", "Dependencies", at, page=page)


def _changes(said: QueryDict) -> tuple[dict[str, Change], list[str]]:
    """What an address or a form states as `down`, `replicas.<component>` and `target.<component>` (in percent)."""
    stated: dict[str, dict[str, object]] = {name: {"down": True} for name in said.getlist("down")[:500]}
    for key, value in list(said.items())[:1_000]:
        kind, _, name = key.partition(".")
        if name and kind in ("replicas", "target") and str(value).strip() and name not in stated:
            stated[name] = {kind: _number(kind, str(value))}
    changes: dict[str, Change] = {}
    problems: list[str] = []
    for name, change in stated.items():
        try:
            changes |= scenarios.changes({name: change})
        except DefinitionError as error:
            problems.append(str(error))
    return changes, problems


def _number(kind: str, text: str) -> object:
    try:
        return int(text) if kind == "replicas" else float(text.strip().rstrip("%")) / 100
    except (ValueError, OverflowError):
        return text[:50]


def _stated(change: Change) -> dict[str, object]:
    if change.down:
        return {"down": True}
    return {"target": change.target} if change.target is not None else {"replicas": change.replicas}
