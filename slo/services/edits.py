"""Objectives and what they rest on, made and changed by people on pages: the same documents by the same engine."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, ProtectedError

from slo.errors import CatalogError, ChangedMeanwhileError, DeclaredError, DefinitionError, NotFoundError
from slo.models import BudgetPolicy, Edit, Objective, Service, System
from slo.openslo import dump
from slo.services import catalog
from slo.services.catalog import Handler, apply_text, definition_of
from slo.services.catalog.registry import handlers


def digest(text: str) -> str:
    """What somebody had before their eyes, to notice that somebody else was faster."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def find(kind: str, name: str) -> Any:
    """The row of that kind and name. Raises NotFoundError."""
    handler = _handler(kind)
    row = handler.rows().filter(**{handler.key: name}).first()
    if row is None:
        raise NotFoundError(f"There is no {kind} named {name!r}")
    return row


def draft(text: str, at: datetime, name: str = "", *, service: str = "") -> Objective:
    """The objective that an SLO document describes, as if there were the `service` that is made with it.

    Nothing is kept. Raises CatalogError.
    """
    if not service:
        return catalog.draft(text, at, name)
    with transaction.atomic():
        _make(service, at)
        row = catalog.draft(text, at, name)
        transaction.set_rollback(True)
    return row


def _make(service: str, at: datetime) -> Service:
    content = {"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": service}, "spec": {}}
    try:
        row: Service = apply_text(dump.dump(content), at, "Service")[1]
    except CatalogError as error:
        # People know of it as what their objective belongs to.
        raise CatalogError([DefinitionError(found.message, field="spec.service") for found in error.errors]) from None
    return row


def save(
    kind: str,
    text: str,
    at: datetime,
    *,
    name: str,
    seen: str,
    actor: str,
    despite_file: bool = False,
    service: str = "",
) -> tuple[Any, bool]:
    """Apply one document for a person who had the YAML with the digest `seen` before their eyes (a new one: no name).

    A `service` that is not there yet is made with it. Returns the row, and whether anything was changed. Raises
    CatalogError, ChangedMeanwhileError, DeclaredError and NotFoundError; nothing is changed then.
    """
    with transaction.atomic():
        if name:
            row = find(kind, name)
            _check_seen(row, seen)
            _check_file(row, despite_file=despite_file)
        if service and not Service.objects.filter(name=service).exists():
            note("Service", service, "created", actor, at, definition_of(_make(service, at)))
        [change, *_], row = apply_text(text, at, kind, name)
        if not name and change.action != "created":
            raise ChangedMeanwhileError(f"There is a {kind} named {row!s} already: open it and edit that")
        if not name and hasattr(row, "made_by"):
            row.made_by = actor[:200]
            row.save(update_fields=["made_by"])
        if change.action != "unchanged":
            note(kind, str(getattr(row, _handler(kind).key)), change.action, actor, at, definition_of(row))
    return row, change.action != "unchanged"


def delete(kind: str, name: str, at: datetime, *, actor: str, despite_file: bool = False) -> None:
    """Remove a row for good, its history with it. Raises NotFoundError, DeclaredError and DefinitionError."""
    with transaction.atomic():
        row = find(kind, name)
        _check_file(row, despite_file=despite_file)
        users = list(_users(row))
        if users:
            raise DefinitionError(f"{', '.join(users[:5])} needs {name}; change that first")
        text = definition_of(row)
        try:
            row.delete()
        except ProtectedError as error:
            named = sorted({f"{user._meta.verbose_name} {user!s}" for user in error.protected_objects})
            raise DefinitionError(f"{', '.join(named[:5])} needs {name}; change that first") from None
        note(kind, name, "deleted", actor, at, text)


def note(kind: str, name: str, action: str, actor: str, at: datetime, text: str = "") -> Edit:
    """Keep who did what."""
    return Edit.objects.create(kind=kind, name=name[:200], action=action, actor=actor[:200], at=at, text=text)


def history(kind: str, name: str, most: int = 20) -> list[Edit]:
    """What was done on pages to what has this name, newest first."""
    return list(Edit.objects.filter(kind=kind, name=name)[:most])


def named(kind: str) -> list[tuple[str, Any]]:
    """The rows of a kind with their names, in the order of names."""
    handler = _handler(kind)
    return [(str(getattr(row, handler.key)), row) for row in handler.rows().order_by(handler.key)]


def _handler(kind: str) -> Handler[Any, Any]:
    return next(handler for handler in handlers() if handler.kind == kind)


def _check_seen(row: Model, seen: str) -> None:
    if digest(definition_of(row)) == seen:
        return
    name = str(getattr(row, "name", row))
    last = Edit.objects.filter(name=name).first()
    by = f", last by {last.actor} at {last.at:%Y-%m-%d %H:%M} UTC" if last else ""
    raise ChangedMeanwhileError(
        f"Somebody else changed {name} while you were editing{by}. Look at what is there now, then save again"
    )


def _check_file(row: Model, *, despite_file: bool) -> None:
    file = getattr(row, "file", "")
    if file and not despite_file:
        raise DeclaredError(
            f"{getattr(row, 'name', row)} is applied from {file}, and the next apply brings the file's words back: "
            "change the file, or confirm that this is for the time being"
        )


def _users(row: Model) -> Iterator[str]:
    """What names the row without a key of the database, and would be left with a name of nothing."""
    if isinstance(row, Objective):
        for policy in BudgetPolicy.objects.all():
            if row.name in policy.objectives:
                yield f"the error-budget policy {policy.name}"
        for system in System.objects.all():
            blocks = system.spec.get("blocks", ())
            if any((block.get("fallback") or {}).get("measured_by") == row.name for block in blocks):
                yield f"the system {system.name}"
    elif isinstance(row, Service):
        yield from _belongings(row)


def _belongings(service: Service) -> Iterator[str]:
    """What would go with a service without a word: whatever points at it by a key of the database."""
    for item in Objective.objects.filter(service=service)[:5]:
        yield f"the objective {item.name}"
    for relation in service._meta.related_objects:
        model = relation.related_model
        if model is not Objective and relation.one_to_many:
            count = model._default_manager.filter(**{relation.field.name: service}).count()
            if count:
                yield f"{count} of its {model._meta.verbose_name_plural}"
