"""Settings: where is measured, who may do what. What rests on documents is written as documents."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboards.access import admin, operator
from dashboards.presenters.document_kinds import KINDS
from dashboards.presenters.settings import settings_page
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now
from slo.errors import BrownoutError, CatalogError, DeclaredError, DefinitionError, NotFoundError
from slo.models import ApiToken
from slo.services import edits, people
from slo.services.access import RANKS
from slo.services.catalog import definition_of
from slo.services.try_source import try_source

LONGEST = 100_000


class TokenForm(forms.Form):
    """A token for a program."""

    name = forms.RegexField(
        r"^[\w.@:-][\w .@:-]*$",
        max_length=100,
        error_messages={
            "required": "Say what the token is for.",
            "invalid": "Name it by letters, digits and . _ - @ :",
        },
    )
    role = forms.ChoiceField(choices=ApiToken.Role.choices)


class InviteForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(max_length=150, error_messages={"required": "Say under which name they log in."})
    email = forms.EmailField(required=False)
    role = forms.ChoiceField(choices=[(role, role) for role in RANKS])


class PersonForm(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(choices=[(role, role) for role in RANKS])
    active = forms.BooleanField(required=False)


@require_safe
@operator
def settings(request: HttpRequest) -> HttpResponse:
    return _show(request)


@require_http_methods(["GET", "HEAD", "POST"])
@admin
def document(request: HttpRequest, kind: str, name: str = "") -> HttpResponse:
    """A source, a service or whatever else is declared, as its document; a POST applies it, or deletes it."""
    if kind not in KINDS:
        raise NotFoundError(f"There are no {kind[:40]} in the settings")
    row = edits.find(KINDS[kind].kind, name) if name else None
    text = definition_of(row) if row else KINDS[kind].template
    context: dict[str, Any] = {"kind": kind, "row": row, "text": text, "seen": edits.digest(text), "errors": ()}
    if request.method != "POST":
        return _document(request, context)
    if request.POST.get("do") == "delete":
        return _delete(request, context, name)
    posted = request.POST.get("text", "").replace("\r\n", "\n")
    context |= {"text": posted[:LONGEST], "seen": request.POST.get("seen", "")}
    sure = request.POST.get("despite_file") == "1"
    if len(posted) > LONGEST:
        messages.error(request, f"Nothing was saved. The document is longer than {LONGEST:,} characters.")
        return _document(request, context, 422)
    try:
        saved, _ = edits.save(
            KINDS[kind].kind, posted, now(), name=name, seen=context["seen"], actor=_actor(request), despite_file=sure
        )
    except CatalogError as error:
        messages.error(request, "Nothing was saved. What is wrong is told below.")
        return _document(request, context | {"errors": error.errors}, 422)
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, f"Nothing was saved. {error}")
        return _document(request, context, 409)
    messages.success(request, f"{saved} is saved.")
    # A channel has a page of its own, with a button that tests it.
    return redirect("channel", saved.name) if kind == "channels" else redirect("settings")


def _delete(request: HttpRequest, context: dict[str, Any], name: str) -> HttpResponse:
    kind = KINDS[context["kind"]]
    if not kind.deletable or not name:
        raise NotFoundError(f"A {kind.one} is not deleted on a page")
    sure = request.POST.get("despite_file") == "1"
    try:
        edits.delete(kind.kind, name, now(), actor=_actor(request), despite_file=sure)
    except DefinitionError as error:
        messages.error(request, f"Nothing was deleted. {error}.")
        return _document(request, context, 409)
    except DeclaredError as error:
        messages.error(request, f"Nothing was deleted. {error}.")
        return _document(request, context, 409)
    messages.success(request, f"The {kind.one} {name} is deleted.")
    return redirect("settings")


@require_POST
@operator
def test_source(request: HttpRequest, name: str) -> HttpResponse:
    """Ask the source whether it answers."""
    answer = try_source(edits.find("DataSource", name), now())
    (messages.success if answer.answered else messages.error)(request, f"{name}: {answer.text}")
    return redirect("settings")


@require_POST
@admin
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token; the answer is the only place where it is ever shown."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("settings")
    wanted = form.cleaned_data
    try:
        raw = people.new_token(wanted["name"], wanted["role"], now(), actor=person(request))
    except BrownoutError as error:
        messages.error(request, str(error))
        return redirect("settings")
    return _show(request, token=raw, token_name=wanted["name"])


@require_POST
@admin
def revoke_token(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("name", "")[:100]
    people.revoke(name, now(), actor=person(request))
    messages.success(request, f"The token {name} is revoked.")
    return redirect("settings")


@require_POST
@admin
def invite(request: HttpRequest) -> HttpResponse:
    """Make somebody known; the answer shows the link by which they choose their password."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("settings")
    wanted = form.cleaned_data
    try:
        user = people.invite(wanted["name"], wanted["email"], wanted["role"], now(), actor=person(request))
    except BrownoutError as error:
        messages.error(request, f"Nobody was invited: {error}")
        return redirect("settings")
    return _show(request, link=_link(request, user), link_name=user.get_username())


@require_POST
@admin
def change_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Another role, out or in again; or a new link to choose a password by."""
    user = people.person(pk)
    if request.POST.get("do") == "link":
        if user.is_superuser and user.pk != person(request).pk:
            messages.error(request, "A superuser's password is changed by manage.py changepassword alone.")
            return redirect("settings")
        edits.note("User", user.get_username(), "link", _actor(request), now())
        return _show(request, link=_link(request, user), link_name=user.get_username())
    form = PersonForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("settings")
    try:
        people.change(user, form.cleaned_data["role"], now(), active=form.cleaned_data["active"], actor=person(request))
        messages.success(request, f"{user} is changed.")
    except BrownoutError as error:
        messages.error(request, f"{user} was not changed: {error}")
    return redirect("settings")


def _link(request: HttpRequest, user: User) -> str:
    uid, token = people.key(user)
    return request.build_absolute_uri(reverse("choose-password", args=[uid, token]))


def _actor(request: HttpRequest) -> str:
    return person(request).get_username()


def _show(request: HttpRequest, **context: Any) -> HttpResponse:
    at = now()
    context |= {"title": "Settings", "at": at, "page": settings_page(person(request), at)}
    return _private(render(request, "dashboards/settings/page.html", context))


def _document(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    what, row = KINDS[context["kind"]], context["row"]
    context |= {"title": str(row) if row else f"New {what.one}", "what": what, "at": now()}
    return _private(render(request, "dashboards/settings/document.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_store=True)
    return response
