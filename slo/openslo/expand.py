"""Documents as they are applied: an SLO with its indicator inside and one target, and every name once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from slo.openslo.fields import LONGEST_NAME
from slo.openslo.load import Document, Loaded
from slo.openslo.promise import Indicator, SLISpec, SLOSpec
from slo.openslo.sentences import near

_OBJECTIVE = re.compile(r"spec\.objectives\.(\d+)(.*)", re.DOTALL)


def expand(loaded: Loaded) -> Loaded:
    """Put indicators named by `indicatorRef` in place, split SLOs with several targets, refuse names given twice.

    The SLO keeps its `indicatorRef` beside the indicator, to tell where it came from.
    """
    indicators = {item.name: item for item in loaded.documents if isinstance(item.spec, SLISpec)}
    found: list[Document[Any]] = []
    for document in loaded.documents:
        if isinstance(document.spec, SLOSpec):
            found += _slo(document, document.spec, indicators, loaded)
        else:
            found.append(document)
    loaded.documents = list(_unique(found, loaded))
    return loaded


def _slo(
    document: Document[Any], spec: SLOSpec, indicators: dict[str, Document[Any]], loaded: Loaded
) -> Iterator[Document[Any]]:
    name = spec.indicator_ref
    if name is not None:
        if name not in indicators:
            _missing(document, name, indicators, loaded)
            return
        spec = spec.model_copy(update={"indicator": Indicator(spec=indicators[name].spec)})
    for position, promise in enumerate(spec.objectives):
        single = spec.model_copy(update={"objectives": [promise]})
        part = replace(document, spec=single, title=_title(document, promise.display_name))
        if len(spec.objectives) > 1:
            suffix = _slug(promise.display_name) or str(position + 1)
            part = replace(
                part,
                name=f"{document.name}-{suffix}",
                title=part.title if promise.display_name else f"{document.title or document.name} {position + 1}",
                lines=_lines(document, position),
            )
        if len(part.name) > LONGEST_NAME:
            loaded.errors.append(part.error(f"makes the name {part.name}, of more than {LONGEST_NAME} characters"))
        yield part


def _missing(document: Document[Any], name: str, indicators: dict[str, Document[Any]], loaded: Loaded) -> None:
    loaded.broken.add((document.kind, document.name))
    if loaded.whole and ("SLI", name) not in loaded.broken:
        loaded.errors.append(
            document.error(
                f"there is no SLI named {name!r} among these documents (SLIs are not kept: apply them with their SLOs)"
                f"{near(name, indicators)}",
                "spec.indicatorRef",
            )
        )


def _title(document: Document[Any], of_promise: str) -> str:
    if document.title and of_promise and of_promise != document.title:
        return f"{document.title}: {of_promise}"
    return document.title or of_promise


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


def _lines(document: Document[Any], position: int) -> dict[str, int]:
    """The lines with the objective at `position` as the only one."""
    lines: dict[str, int] = {}
    for path, line in document.lines.items():
        matched = _OBJECTIVE.fullmatch(path)
        if matched is None:
            lines[path] = line
        elif int(matched[1]) == position:
            lines[f"spec.objectives.0{matched[2]}"] = line
    return lines


def _unique(documents: list[Document[Any]], loaded: Loaded) -> Iterator[Document[Any]]:
    first: dict[tuple[str, str], Document[Any]] = {}
    for document in sorted(documents, key=lambda document: document.implied):
        known = first.setdefault((document.kind, document.name), document)
        if known is document:
            yield document
        elif not document.implied:
            loaded.errors.append(
                document.error(
                    f"the {document.kind} {document.name!r} is declared twice; first at {known.place}", "metadata.name"
                )
            )
