"""Objectives written on a page: a form and its YAML, with what the source has seen of it while one writes."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_POST

from alerts.rules import difference
from alerts.services.preview import preview
from dashboards.access import operator
from dashboards.objective_document import problems
from dashboards.presenters import objective_form as forms
from dashboards.presenters.objective_form import Sheet
from dashboards.views.acting import person
from dashboards.views.pages import now
from slo import selectors
from slo.errors import BackfillError, BrownoutError, CatalogError, ChangedMeanwhileError, NotFoundError
from slo.models import Objective
from slo.services import edits, filling
from slo.services.catalog import definition


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def new(request: HttpRequest) -> HttpResponse:
    """The form of an objective that does not exist yet; a POST checks it, shows a preview of it, or saves it."""
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The form of an existing objective."""
    return _form(request, _declared(name))


@require_POST
@operator
def preview_new(request: HttpRequest) -> HttpResponse:
    """What the source says of the form as it stands."""
    return _preview(request, "")


@require_POST
@operator
def preview_edit(request: HttpRequest, name: str) -> HttpResponse:
    return _preview(request, _declared(name).name)


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for the objective's name before it goes, with everything that was measured of it."""
    item, status = _declared(name), 200
    if request.method == "POST":
        if request.POST.get("confirm", "").strip() != item.name:
            messages.error(request, f"Nothing was deleted. Write {item.name} to confirm.")
            status = 422
        else:
            try:
                sure = request.POST.get("despite_file") == "1"
                edits.delete("SLO", item.name, now(), actor=person(request).get_username(), despite_file=sure)
                messages.success(request, f"{item.name} and its history are deleted.")
                return redirect("objectives")
            except BrownoutError as error:
                messages.error(request, f"Nothing was deleted. {error}")
                status = 409
    context = {"item": item, "title": f"Delete {item}", "at": now()}
    return _private(render(request, "dashboards/objective_delete/page.html", context, status=status))


def _declared(name: str) -> Objective:
    """The objective that a document declares. Raises NotFoundError; one made of labels is edited in its parent."""
    item = selectors.objective(name)
    if item.parent is not None:
        raise NotFoundError(f"{name} is made of the labels of {item.parent.name}: edit that")
    return item


def _form(request: HttpRequest, item: Objective | None) -> HttpResponse:
    if request.method != "POST":
        sheet = forms.of(item) if item else forms.blank(request.GET.dict())
        return _show(request, item, sheet, seen=edits.digest(sheet.yaml) if item else "")
    at, name = now(), item.name if item else ""
    sheet = forms.settle(request.POST.dict(), at, name)
    sheet.strict = request.POST.get("do") == "save"
    if sheet.strict:
        return _save(request, item, sheet)
    context: dict[str, Any] = {}
    if request.POST.get("do") == "preview" and sheet.item:
        context["outlook"] = forms.outlook(preview(sheet.item, at))
    return _show(request, item, sheet, seen=request.POST.get("seen", ""), **context)


def _save(request: HttpRequest, item: Objective | None, sheet: Sheet) -> HttpResponse:
    seen = request.POST.get("seen", "")
    if sheet.wrong or sheet.item is None:
        messages.error(request, "Nothing was saved. What is wrong is told below.")
        return _show(request, item, sheet, seen=seen, status=422)
    try:
        row, changed = edits.save(
            "SLO",
            sheet.yaml,
            now(),
            name=item.name if item else "",
            seen=seen,
            actor=person(request).get_username(),
            despite_file=request.POST.get("despite_file") == "1",
            service=sheet.making,
        )
    except CatalogError as error:
        sheet.wrong = problems(error.errors)
        messages.error(request, "Nothing was saved. What is wrong is told below.")
        return _show(request, item, sheet, seen=seen, status=422)
    except ChangedMeanwhileError as error:
        messages.error(request, f"Nothing was saved. {error}")
        return _show(request, item, sheet, seen=seen, status=409, theirs=item)
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, f"Nothing was saved. {error}")
        return _show(request, item, sheet, seen=seen, status=409)
    if item is None:
        messages.success(request, f"{row} is watched from the next tick on. {_begin(request, row, sheet)}")
    else:
        messages.success(request, f"{row} is changed." if changed else f"Nothing differed: {row} is as it was.")
    return redirect("objective", row.name)


def _begin(request: HttpRequest, row: Objective, sheet: Sheet) -> str:
    """Have the history of a new objective filled in, if its source has one; what is said about it."""
    made = f"The service {sheet.making} was made with it. " if sheet.making else ""
    if not filling.remembers(row):
        return f"{made}{row.source} knows only the present: its history begins now."
    filling.order(row, now(), actor=person(request).get_username())
    return f"{made}Its history is being filled in from {row.source}."


@require_POST
@operator
def fill_history(request: HttpRequest, name: str) -> HttpResponse:
    """Have what the source remembers filled in, or tried again."""
    try:
        filling.order(_declared(name), now(), actor=person(request).get_username())
        messages.success(request, "The history is being filled in.")
    except BackfillError as error:
        messages.error(request, f"Nothing can be filled in: {error}.")
    return redirect("objective", name)


def _preview(request: HttpRequest, name: str) -> HttpResponse:
    at = now()
    sheet = forms.settle(request.POST.dict(), at, name)
    context = {"at": at, "sheet": sheet, "outlook": forms.outlook(preview(sheet.item, at)) if sheet.item else None}
    context["oob"] = True
    return _private(render(request, "dashboards/objective_edit/_preview.html", context))


def _show(
    request: HttpRequest,
    item: Objective | None,
    sheet: Sheet,
    *,
    seen: str,
    status: int = 200,
    theirs: Objective | None = None,
    **context: Any,
) -> HttpResponse:
    """The form; after a lost race with what is there now beside it, to be replaced knowingly."""
    if theirs is not None:
        now_there = definition(selectors.objective(theirs.name))
        context |= {"theirs": theirs, "lines": difference.lines(now_there, sheet.yaml)}
        seen = edits.digest(now_there)
    context |= {
        "at": now(),
        "item": item,
        "sheet": sheet,
        "seen": seen,
        "choices": forms.choices(sheet.fields, sheet.making),
    }
    context["title"] = f"Edit {item}" if item else "New objective"
    address = ("preview-objective", [item.name]) if item else ("preview-new-objective", [])
    context["preview_url"] = reverse(address[0], args=address[1])
    context["history"] = forms.changes(item.name) if item else []
    context["despite_file"] = request.POST.get("despite_file") == "1"
    return _private(render(request, "dashboards/objective_edit/page.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_store=True)
    return response
