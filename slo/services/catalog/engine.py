"""Apply documents: all of them or none, in one transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import JSONField, Model, ProtectedError, RestrictedError
from pydantic.alias_generators import to_camel

from slo.errors import CatalogError, DefinitionError
from slo.models import Edit, Objective
from slo.openslo.expand import expand
from slo.openslo.load import Document, Loaded, Specs, load, load_text
from slo.openslo.sentences import near
from slo.services import standing
from slo.services.catalog.differences import Change, differences, differing, stored
from slo.services.catalog.handlers import Handler
from slo.services.catalog.possible import doubts
from slo.services.catalog.registry import handlers, specs
from slo.services.catalog.resolver import ConsequenceError, Kind, Resolver
from slo.services.catalog.translate import translate

_OURS = "brownout/"


def apply_documents(
    paths: Iterable[str | Path],
    at: datetime,
    *,
    dry_run: bool = False,
    prune: bool = False,
    source: str = "",
    warn: Callable[[DefinitionError], None] = lambda _: None,
) -> list[Change]:
    """Make the rows what the documents in these files and folders say; tell what was done with each.

    With `prune`, rows of the same kinds that no document declares are removed. With `dry_run` the answer is the
    same and nothing is changed. Raises CatalogError with everything that is wrong; nothing is changed then either.
    `source` names the DataSource of documents that name none, such as other tools'; without it, the only Prometheus
    is taken. `warn` is told of everything in the documents that is not carried over, and of objectives that cannot be
    kept if what they rest upon just keeps its promises.
    """
    known = specs()
    return _applied(load(paths, known), known, at, dry_run=dry_run, prune=prune, source=source, warn=warn)


def apply_text(
    text: str, at: datetime, kind: str, name: str = "", *, dry_run: bool = False
) -> tuple[list[Change], Any]:
    """Make the row of that kind what one document says; tell what was done, and which row it is.

    With a `name`, the document must be of that name. Raises CatalogError; nothing is changed then.
    """
    known = specs()
    loaded = _single(load_text(text, known), kind, name)
    handler = next(handler for handler in handlers() if handler.kind == kind)
    with transaction.atomic():
        changes = _applied(loaded, known, at)
        row = handler.rows().get(**{handler.key: loaded.documents[0].name})
        transaction.set_rollback(dry_run)
    return changes, row


def draft(text: str, at: datetime, name: str = "") -> Objective:
    """The objective that one SLO document describes, without keeping anything. Raises CatalogError."""
    known = specs()
    loaded = _single(load_text(text, known), "SLO", name)
    translate(loaded, known, "", prune=False)
    run = _Run(expand(loaded), at, prune=False)
    if loaded.errors:
        raise CatalogError(loaded.errors)
    try:
        row = run.drafted(next(handler for handler in handlers() if handler.kind == "SLO"))
    except CatalogError:
        raise
    except DefinitionError as error:
        raise CatalogError([error]) from None
    assert isinstance(row, Objective)  # noqa: S101 it is of its kind
    return row


def _single(loaded: Loaded, kind: str, name: str) -> Loaded:
    """What holds one document of that kind (and name), and nothing beside it."""
    if not loaded.errors:
        kinds = [document.kind for document in loaded.documents]
        if loaded.foreign or kinds != [kind]:
            loaded.errors.append(DefinitionError(f"here belongs one document of the kind {kind}, and nothing else"))
        elif name and loaded.documents[0].name != name:
            loaded.errors.append(
                loaded.documents[0].error(f"the name {name!r} stays: another name is another {kind}", "metadata.name")
            )
        elif getattr(loaded.documents[0].spec, "objectives", [0])[1:]:
            loaded.errors.append(
                loaded.documents[0].error("here belongs one target; write one SLO for each", "spec.objectives")
            )
    if loaded.errors:
        raise CatalogError(loaded.errors)
    return loaded


def _applied(
    loaded: Loaded,
    known: Specs,
    at: datetime,
    *,
    dry_run: bool = False,
    prune: bool = False,
    source: str = "",
    warn: Callable[[DefinitionError], None] = lambda _: None,
) -> list[Change]:
    translate(loaded, known, source, prune=prune)
    loaded = expand(loaded)
    for warning in sorted(loaded.warnings, key=lambda warning: (warning.file, warning.line)):
        warn(warning)
    with transaction.atomic():
        run = _Run(loaded, at, prune=prune)
        changes = run.changes()
        if loaded.errors:
            raise CatalogError(loaded.errors)
        for doubt in run.doubts():
            warn(doubt)
        if any(change.action != "unchanged" for change in changes):
            standing.forget()
        transaction.set_rollback(dry_run)
    return changes


class _Run:
    """One apply within its transaction. What is wrong is collected in `loaded.errors`."""

    def __init__(self, loaded: Loaded, at: datetime, *, prune: bool) -> None:
        self._errors = loaded.errors
        self._prune = prune
        self._documents: dict[str, list[Document[Any]]] = defaultdict(list)
        for document in loaded.documents:
            self._documents[document.kind].append(document)
        kinds = {
            handler.kind: Kind(handler.model, handler.key, frozenset(d.name for d in self._documents[handler.kind]))
            for handler in handlers()
        }
        self._resolver = Resolver(at, kinds, broken=loaded.broken, whole=loaded.whole, prune=prune)

    def changes(self) -> list[Change]:
        changes = [change for handler in handlers() for change in self._apply_kind(handler)]
        if self._prune and not self._errors:
            changes += [change for handler in reversed(handlers()) for change in self._prune_kind(handler)]
        return changes

    def doubts(self) -> Iterator[DefinitionError]:
        """What was applied, but is more than can be promised."""
        return doubts(self._documents, self._resolver.at)

    def drafted(self, handler: Handler[Any, Any]) -> Model:
        """The row of the only document, checked and not stored. Raises DefinitionError."""
        [document] = self._documents[handler.kind]
        _check_annotations(handler, document)
        fields = stored(handler.model, handler.fields(document, self._resolver))
        more = handler.initial(document, self._resolver)
        row: Model = handler.model(**{handler.key: document.name}, **fields, **more)
        _clean(row, document, {handler.key, *fields})
        handler.saved(row, document, self._resolver)
        return row

    def _apply_kind(self, handler: Handler[Any, Any]) -> Iterator[Change]:
        documents = self._documents[handler.kind]
        rows = {getattr(row, handler.key): row for row in handler.rows()} if documents else {}
        for document in documents:
            try:
                with transaction.atomic():
                    change = self._apply(handler, document, rows.get(document.name))
            except DefinitionError as error:
                self._resolver.fail(document)
                reasons = error.errors if isinstance(error, CatalogError) else (error,)
                self._errors += [reason for reason in reasons if not isinstance(reason, ConsequenceError)]
            else:
                yield change

    def _apply(self, handler: Handler[Any, Any], document: Document[Any], row: Model | None) -> Change:
        if document.implied and row is not None:
            self._resolver.remember(row, handler.key)
            return Change(handler.kind, document.name, "unchanged")
        _check_annotations(handler, document)
        fields = stored(handler.model, handler.fields(document, self._resolver))
        if document.title and "title" not in fields:
            raise document.error(
                f"a {handler.kind} has no displayName; say it in spec.description", "metadata.displayName"
            )
        if row is None:
            return self._create(handler, document, fields)
        return self._update(handler, document, row, fields)

    def _create(self, handler: Handler[Any, Any], document: Document[Any], fields: dict[str, Any]) -> Change:
        more = handler.initial(document, self._resolver)
        row = handler.model(**{handler.key: document.name}, **fields, **more)
        _save(row, document, {handler.key, *fields}, new=True)
        self._resolver.remember(row, handler.key)
        handler.saved(row, document, self._resolver)
        return Change(handler.kind, document.name, "created")

    def _update(
        self, handler: Handler[Any, Any], document: Document[Any], row: Model, fields: dict[str, Any]
    ) -> Change:
        other = differing(row, fields)
        found = tuple(differences(row, other))
        if other:
            for name, value in other.items():
                setattr(row, name, value)
            _save(row, document, set(other), new=False)
            try:
                handler.updated(row, {*other, *(difference.field for difference in found)}, self._resolver)
            except DefinitionError as error:
                raise error if error.file else document.error(error.message, error.field) from None
        self._resolver.remember(row, handler.key)
        found += tuple(handler.saved(row, document, self._resolver) or ())
        return Change(handler.kind, document.name, "changed" if found else "unchanged", found)

    def _prune_kind(self, handler: Handler[Any, Any]) -> Iterator[Change]:
        made = _made_on_pages(handler)
        for row in handler.rows():
            name = str(getattr(row, handler.key))
            if self._resolver.declares(handler.model, name) or handler.kept(row) or name in made:
                continue
            try:
                with transaction.atomic():
                    handler.pruning(row, self._resolver)
                    row.delete()
            except DefinitionError as error:
                self._errors.append(error)
            except (ProtectedError, RestrictedError) as error:
                self._errors.append(_protected(handler, name, error))
            else:
                yield Change(handler.kind, name, "pruned")


def _made_on_pages(handler: Handler[Any, Any]) -> set[str]:
    """The names of what people made, of a kind whose rows do not say that themselves."""
    if hasattr(handler.model, "made_by"):
        return set()
    last = dict(Edit.objects.filter(kind=handler.kind).order_by("at", "pk").values_list("name", "action"))
    made = Edit.objects.filter(kind=handler.kind, action="created").values_list("name", flat=True)
    return {name for name in made if last[name] != "deleted"}


def _check_annotations(handler: Handler[Any, Any], document: Document[Any]) -> None:
    for name in document.annotations:
        if name.startswith(_OURS) and name not in handler.annotated:
            raise document.error(
                f"is no annotation of the kind {handler.kind}{near(name, handler.annotated)}",
                f"metadata.annotations.{name}",
            )


def _save(row: Model, document: Document[Any], names: set[str], *, new: bool) -> None:
    """Store the row, what the database could not hold told as errors of the document."""
    _clean(row, document, names)
    try:
        row.save(force_insert=new, update_fields=None if new else sorted(names))
    except (DatabaseError, OverflowError) as error:
        raise document.error(f"the database does not take it: {error}") from None


def _clean(row: Model, document: Document[Any], names: set[str]) -> None:
    columns = {column.name: column for column in row._meta.concrete_fields}
    # Specs have checked JSON already, and references are rows.
    unchecked = {
        n for n, column in columns.items() if n not in names or column.is_relation or isinstance(column, JSONField)
    }
    try:
        row.clean_fields(exclude=unchecked)
    except ValidationError as error:
        reasons = [
            document.error(" ".join(messages).rstrip("."), f"spec.{to_camel(name)}")
            for name, messages in error.message_dict.items()
        ]
        raise CatalogError(reasons) from None


def _protected(handler: Handler[Any, Any], name: str, error: ProtectedError | RestrictedError) -> DefinitionError:
    users = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    named = sorted({f"{user._meta.verbose_name} {getattr(user, 'name', user)!s}" for user in users})
    return DefinitionError(
        f"the {handler.kind} {name!r} cannot be pruned: {', '.join(named[:5])} uses it and stays; "
        "add its document, or remove that use first"
    )
