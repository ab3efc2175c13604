"""How a kind of document becomes rows of a model and comes back: one Handler a kind, registered by its package."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from pydantic import BaseModel

from slo.openslo.load import Document
from slo.services.catalog.differences import Difference
from slo.services.catalog.resolver import Resolver

S = TypeVar("S", bound=BaseModel)
M = TypeVar("M", bound=Model)


class Handler(Generic[S, M]):
    """One kind of document: subclass with its spec and model, as in `class Channels(Handler[ChannelSpec, Channel])`.

    The engine compares `fields` with the row of that name, and creates or updates it. `annotated` are the
    annotations the kind understands. Methods that take a document may raise `document.error(…)`.
    """

    api: str = "brownout/v1"
    kind: str
    order: int
    spec: type[S]
    model: type[M]
    key: str = "name"
    annotated: tuple[str, ...] = ()

    def fields(self, document: Document[S], resolver: Resolver) -> dict[str, Any]:
        """The model fields the row must hold, without the key."""
        raise NotImplementedError

    def initial(self, document: Document[S], resolver: Resolver) -> dict[str, Any]:
        """More fields for a new row only; they are never compared, such as the instant of its creation."""
        return {}

    def saved(self, instance: M, document: Document[S], resolver: Resolver) -> Iterable[Difference] | None:
        """After the row was created, updated or found unchanged. Must write nothing when there is nothing new.

        May return what it changed beside the row, to be told with the differences of an existing row.
        """

    def updated(self, instance: M, names: set[str], resolver: Resolver) -> None:
        """After fields of an existing row changed; `names` says which, also within JSON, as `spec` and `spec.url`."""

    def kept(self, instance: M) -> bool:
        """Whether a prune leaves the row although no document declares it: it was made elsewhere."""
        return False

    def pruning(self, instance: M, resolver: Resolver) -> None:
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
