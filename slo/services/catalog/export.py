"""Rows back as documents."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from slo.errors import NotFoundError
from slo.models import Objective
from slo.openslo import dump
from slo.openslo.sentences import near
from slo.services.catalog.handlers import Handler
from slo.services.catalog.registry import handlers


def export_documents(names: Iterable[str] = ()) -> str:
    """Everything (or what has one of these names, of any kind) as multi-document YAML, in the order of application.

    Applying it changes nothing. Raises NotFoundError for a name that nothing has.
    """
    rows = [(handler, row) for handler in handlers() for row in handler.rows()]
    wanted = list(dict.fromkeys(names))
    known = {str(getattr(row, handler.key)) for handler, row in rows}
    for name in wanted:
        if name not in known:
            raise NotFoundError(f"There is nothing named {name!r} to export{near(name, known)}")
    return dump.stream(_document(h, row) for h, row in rows if not wanted or getattr(row, h.key) in wanted)


def definition(objective: Objective) -> str:
    """The YAML of one objective."""
    return definition_of(objective)


def definition_of(row: Model) -> str:
    """The YAML of one row of a kind that has documents."""
    return _document(next(handler for handler in handlers() if isinstance(row, handler.model)), row)


def _document(handler: Handler[Any, Any], row: Model) -> str:
    return dump.definition(
        handler.api,
        handler.kind,
        getattr(row, handler.key),
        handler.export(row),
        title=getattr(row, "title", ""),
        annotations=handler.annotations(row),
    )
