"""What is accepted though it cannot be kept: objectives stricter than what they rest upon promises."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from slo.errors import DefinitionError
from slo.openslo.load import Document
from slo.selectors_possible import Impossible, impossible

# Only these say something of promises.
_KINDS = ("SLO", "Component", "System")


def doubts(documents: Mapping[str, Sequence[Document[Any]]], at: datetime) -> Iterator[DefinitionError]:
    """A warning for each impossible objective that these documents, now applied, have a part in."""
    if not any(documents.get(kind) for kind in _KINDS):
        return
    for found in impossible(at):
        document = _about(found, documents)
        if document:
            message = (
                f"{found.objective.name} cannot be kept: it asks for {found.objective.target:.6g}, but {found.reason}"
            )
            yield document.error(message, "spec.objectives" if document.kind == "SLO" else "")


def _about(found: Impossible, documents: Mapping[str, Sequence[Document[Any]]]) -> Document[Any] | None:
    """The objective's own document, or that of what it rests upon."""
    wanted = {("SLO", found.objective.name), ("System", found.system)} | {("Component", name) for name in found.needs}
    if found.objective.component:
        wanted.add(("Component", found.objective.component.name))
    matching = (item for kind in _KINDS for item in documents.get(kind, ()) if (kind, item.name) in wanted)
    return next(matching, None)
