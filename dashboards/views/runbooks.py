"""Pages of runbooks: to find, read, compare and write them, to work through one, and what was learnt afterwards."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alerts import selectors as alerts
from alerts import selectors_runbooks as reads
from alerts.errors import RunbookChangedError
from alerts.models import Alert, Runbook
from alerts.rules import difference
from alerts.rules.filling import EMBEDS, PLACEHOLDERS
from alerts.services import runs
from alerts.services.runbooks import write
from alerts.services.runs import Actor
from dashboards.access import operator, reader
from dashboards.forms import OutcomeForm, RunbookForm, StartForm, TickForm
from dashboards.presenters.live import Filler
from dashboards.presenters.postmortem import post_mortem, post_mortem_html
from dashboards.presenters.runbooks import runbook_page, shelf_page, versions_page
from dashboards.presenters.runs import run_page
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo.errors import BrownoutError, NotFoundError

EXAMPLE = """\
## Detection

How does one notice?

## Impact

What can users not do?

## Immediate action

1. Look at {{ objective_url }}.

## Recovery

1. It works again.
"""


@require_safe
@reader
@shared
def runbooks(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "runbooks", "Runbooks", at, page=shelf_page(request.GET.get("q", "")[:200], at))


@require_safe
@reader
@shared
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    at = now()
    page = runbook_page(name, at, _alert(request.GET.get("alert", "")))
    return respond(request, "runbook", page.runbook.title, at, page=page)


@require_safe
@reader
@shared
def versions(request: HttpRequest, name: str) -> HttpResponse:
    page = versions_page(name, request.GET.dict())
    return respond(request, "runbook_versions", f"{page.runbook.title}: versions", now(), page=page)


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The form of an existing runbook; a POST shows a preview of it, or saves it."""
    return _form(request, alerts.runbook(name))


@require_http_methods(["GET", "HEAD", "POST"])
@operator
def new(request: HttpRequest) -> HttpResponse:
    """The form of a runbook that does not exist yet."""
    return _form(request, None)


def _form(request: HttpRequest, book: Runbook | None) -> HttpResponse:
    if request.method != "POST":
        return _show_form(request, book, RunbookForm(initial=_initial(book)))
    # What is not sent (a name that cannot be changed) is as it was.
    data = {**({"name": book.name} if book else {}), **request.POST.dict()}
    form = RunbookForm(data)
    if data.get("do") == "preview":
        return _show_form(request, book, form)
    if not form.is_valid():
        messages.error(request, f"Nothing was saved. {first_error(form)}")
        return _show_form(request, book, form, status=422)
    return _save(request, book, form)


def _save(request: HttpRequest, book: Runbook | None, form: RunbookForm) -> HttpResponse:
    wanted = form.cleaned_data
    name = book.name if book else wanted["name"]
    try:
        version = write(
            name,
            form.wording(),
            now(),
            seen=wanted["seen"] if book else 0,
            author=person(request).get_username(),
            comment=wanted["comment"],
            despite_file=wanted["despite_file"],
        )
    except RunbookChangedError as error:
        messages.error(request, f"Nothing was saved. {error}")
        return _show_form(request, book, form, status=409, theirs=alerts.runbook(name) if book else None)
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, f"Nothing was saved. {error}")
        return _show_form(request, book, form, status=409)
    messages.success(request, f"Version {version.number} is what people read now.")
    return redirect("runbook", name)


def _show_form(
    request: HttpRequest, book: Runbook | None, form: RunbookForm, *, status: int = 200, theirs: Runbook | None = None
) -> HttpResponse:
    """The form with a preview; after a lost race with the newest version beside it, to be replaced knowingly."""
    body = str(form["body"].value() or "")
    at = now()
    context: dict[str, Any] = {"at": at, "form": form, "book": book, "placeholders": PLACEHOLDERS}
    context |= {"pieces": Filler({}, at)(body), "embeds": EMBEDS, "seen": form["seen"].value()}
    if theirs and theirs.latest:
        context |= {"theirs": theirs.latest, "lines": difference.lines(theirs.latest.body, body.replace("\r\n", "\n"))}
        context["seen"] = theirs.latest.number
    context["title"] = f"Edit {book.title}" if book else "New runbook"
    response = render(request, "dashboards/runbook_edit/page.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    return response


def _initial(book: Runbook | None) -> dict[str, Any]:
    if book is None:
        return {"body": EXAMPLE, "seen": 0}
    kept = {name: getattr(book, name) for name in ("name", "title", "severity", "owner", "origin")}
    last = book.latest
    return {
        **kept,
        "covers": ", ".join(book.covers),
        "body": last.body if last else "",
        "seen": last.number if last else 0,
    }


@require_POST
@operator
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Work through a runbook: go on with the run of that alert, or begin one."""
    form = StartForm(request.POST)
    pk = form.cleaned_data["alert"] if form.is_valid() else None
    alert = alerts.alert(pk) if pk else None
    try:
        run = runs.start(alerts.runbook(name), alert, _actor(request), now())
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
        return redirect("runbook", name)
    return redirect("run", run.pk)


@require_safe
@reader
@shared
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return _show_run(request, pk)


def _show_run(request: HttpRequest, pk: int) -> HttpResponse:
    at = now()
    page = run_page(pk, at)
    return respond(request, "run", f"{page.run.title} · run {pk}", at, page=page)


@require_POST
@operator
def tick(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick a step of a run, take a tick back, or note something; htmx gets the run as it is then."""
    found, form = reads.run(pk), TickForm(request.POST)
    step = ""
    if form.is_valid():
        step, done, note = (form.cleaned_data[name] for name in ("step", "done", "note"))
        try:
            runs.tick(found, step, _actor(request), now(), done=done, note=note)
        except NotFoundError:
            raise
        except BrownoutError as error:
            messages.error(request, str(error))
    else:
        messages.error(request, f"Nothing was ticked. {first_error(form)}")
    if request.headers.get("HX-Request"):
        return _show_run(request, pk)
    return HttpResponseRedirect(reverse("run", args=[pk]) + (f"#{step}" if step else ""))


@require_POST
@operator
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = reads.run(pk), OutcomeForm(request.POST)
    try:
        runs.finish(found, _actor(request), now(), form.cleaned_data["outcome"] if form.is_valid() else "")
        messages.success(request, "The run is finished, and the runbook counts as exercised.")
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("run", pk)


@require_safe
@reader
def postmortem(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft to read and to copy."""
    at = now()
    text, alert = post_mortem(pk, at), alerts.alert(pk)
    context = {"title": f"Post-mortem of alert {pk}", "at": at, "text": text, "pk": pk, "html": post_mortem_html(text)}
    context["name"] = alert.title or alert.subject
    response = render(request, "dashboards/postmortem/page.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_safe
@reader
def postmortem_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft as a file."""
    return HttpResponse(
        post_mortem(pk, now()),
        content_type="text/markdown; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="post-mortem-{pk}.md"',
            "Cache-Control": "private, no-store",
        },
    )


def _alert(text: str) -> Alert | None:
    return alerts.alert(int(text)) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _actor(request: HttpRequest) -> Actor:
    user = person(request)
    return Actor(user.get_username(), user)
