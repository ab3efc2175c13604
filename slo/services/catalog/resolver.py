"""From the names in documents to the rows they mean."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model

from slo.errors import DefinitionError
from slo.openslo.load import Document
from slo.openslo.sentences import near

M = TypeVar("M", bound=Model)


class ConsequenceError(DefinitionError):
    """A reference that may only be missing because another document is at fault: not worth telling."""


class Kind(NamedTuple):
    """What a model is called in documents, and the names that the present documents declare of it."""

    model: type[Model]
    key: str
    declared: frozenset[str]


class Resolver:
    """Finds what documents refer to, among everything applied so far (kinds of lower order come first).

    `at` is the instant of the apply. When it prunes, rows without a document are not there any more.
    """

    def __init__(
        self, at: datetime, kinds: Mapping[str, Kind], *, broken: set[tuple[str, str]], whole: bool, prune: bool
    ) -> None:
        self.at = at
        self.prune = prune
        self._kinds = kinds
        self._names = {kind.model: name for name, kind in kinds.items()}
        self._broken = broken
        self._whole = whole
        self._rows: dict[tuple[type[Model], str, str], Model] = {}

    def get(self, model: type[M], name: str, document: Document[Any], field: str, key: str = "name") -> M:
        """The row of that name. Raises DefinitionError at the document's field, with the nearest name there is."""
        found = self._rows.get((model, key, name)) or model._default_manager.filter(**{key: name}).first()
        kind = self._names.get(model, str(model._meta.verbose_name))
        if not isinstance(found, model):
            self._doubt(kind, name)
            names = [str(known) for known in model._default_manager.values_list(key, flat=True)]
            raise document.error(f"there is no {kind} named {name!r}{near(name, names)}", field)
        self._rows[model, key, name] = found
        if self.prune and kind in self._kinds and not self.declares(model, name):
            self._doubt(kind, name)
            raise document.error(
                f"the {kind} {name!r} is in none of these documents, so pruning would remove it; add its document",
                field,
            )
        return found

    def named(self, kind: str, name: str, document: Document[Any], field: str) -> None:
        """Check a reference to a kind whose model lives in a higher package. Raises DefinitionError."""
        known = self._kinds.get(kind)
        if known is not None:
            self.get(known.model, name, document, field, known.key)

    def declares(self, model: type[Model], name: str) -> bool:
        """Is the row of that name in the present documents?"""
        kind = self._kinds.get(self._names.get(model, ""))
        return kind is not None and name in kind.declared

    def applied(self, instance: Model, key: str = "name") -> bool:
        """Has the row's document been applied, or the row been referred to, in this run?"""
        return (type(instance), key, getattr(instance, key)) in self._rows

    def remember(self, instance: Model, key: str) -> None:
        """Hand out this row from now on."""
        self._rows[type(instance), key, getattr(instance, key)] = instance

    def fail(self, document: Document[Any]) -> None:
        """The document is at fault: what refers to it is not to blame."""
        self._broken.add((document.kind, document.name))
        kind = self._kinds[document.kind]
        self._rows.pop((kind.model, kind.key, document.name), None)

    def _doubt(self, kind: str, name: str) -> None:
        # An SLO with several targets is known by its own name and by those of its objectives.
        if not self._whole or any(kind == k and f"{name}-".startswith(f"{n}-") for k, n in self._broken):
            raise ConsequenceError(f"{kind} {name!r} may be in a document at fault")
