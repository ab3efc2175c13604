"""How a kind of document becomes rows of a model and comes back: one Handler a kind, registered by its package."""

from datetime import datetime
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel

from slo.openslo.load import Document

S = TypeVar("S", bound=BaseModel)
M = TypeVar("M", bound=Model)


class Resolver:
    """Finds what documents refer to, among everything applied so far (kinds of lower order come first).

    `at` is the instant of the apply.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at

    def get(self, model: type[M], name: str, document: Document[Any], field: str, key: str = "name") -> M:
        """The row of that name. Raises DefinitionError at the document's field, with the nearest name there is."""
        found = model._default_manager.filter(**{key: name}).first()
        if found is not None:
            return found
        names = list(model._default_manager.values_list(key, flat=True))
        near = get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise document.error(f"there is no {model._meta.verbose_name} named {name!r}{hint}", field)


class Handler(Generic[S, M]):
    """One kind of document: subclass with its spec and model, as in `class Channels(Handler[ChannelSpec, Channel])`.

    The engine compares `fields` with the row of that name, and creates or updates it.
    """

    api: str = "brownout/v1"
    kind: str
    order: int
    spec: type[S]
    model: type[M]
    key: str = "name"

    def fields(self, document: Document[S], resolver: Resolver) -> dict[str, Any]:
        """The model fields the row must hold (without the key). May raise `document.error(…)`."""
        raise NotImplementedError

    def initial(self, document: Document[S], resolver: Resolver) -> dict[str, Any]:
        """More fields for a new row only; they are never compared, such as the instant of its creation."""
        return {}

    def saved(self, instance: M, document: Document[S], resolver: Resolver) -> None:
        """After the row was created, updated or found unchanged. Must write nothing when there is nothing new."""

    def updated(self, instance: M, names: set[str], resolver: Resolver) -> None:
        """After fields of an existing row changed; `names` says which."""

    def pruning(self, instance: M) -> None:
        """Before a row without a document is removed."""

    def rows(self) -> QuerySet[M]:
        """The rows that belong to documents: exported, and removed by a prune when their document is gone."""
        return self.model._default_manager.all()

    def annotations(self, instance: M) -> dict[str, str]:
        """The `metadata.annotations` back."""
        return {}

    def export(self, instance: M) -> dict[str, Any]:
        """The `spec` back, in the spelling of documents: applying it again changes nothing."""
        raise NotImplementedError


_HANDLERS: dict[tuple[str, str], Handler[Any, Any]] = {}


def register(handler: Handler[Any, Any]) -> None:
    """Make a kind known; called from AppConfig.ready(). A second call for the kind replaces the first."""
    _HANDLERS[handler.api, handler.kind] = handler


def handlers() -> list[Handler[Any, Any]]:
    """Every known kind, in the order in which they are applied."""
    return sorted(_HANDLERS.values(), key=lambda handler: (handler.order, handler.api, handler.kind))
