"""What documents say in the words of others, in ours: other tools' documents, and OpenSLO's alert policies."""

from collections.abc import Iterator
from typing import Any

from slo.errors import DefinitionError
from slo.models import Source
from slo.openslo.conditions import carry
from slo.openslo.foreign import Setting, Translation
from slo.openslo.load import Document, Loaded, Specs, load_tree
from slo.openslo.tools import translator
from slo.services.catalog.registry import handlers


def translate(loaded: Loaded, specs: Specs, source: str, *, prune: bool) -> None:
    """Translate what is not ours, measured by the DataSource named `source` or else the only Prometheus there is.

    What cannot be carried over is added to `loaded.warnings`.
    """
    if loaded.foreign:
        _foreign(loaded, specs, source, prune=prune)
    carry(loaded, frozenset(_names(loaded, "Channel", prune=prune)))
    loaded.warnings += [warning for document in loaded.documents for warning in _words(document)]


def _words(document: Document[Any]) -> Iterator[DefinitionError]:
    """Labels, and annotations of other tools, are for people and those tools."""
    others = [name for name in document.annotations if not name.startswith("brownout/")]
    for field, names in (("labels", list(document.labels)), ("annotations", others)):
        if names:
            yield document.error(f"not carried over: {', '.join(names)}", f"metadata.{field}")


def _foreign(loaded: Loaded, specs: Specs, source: str, *, prune: bool) -> None:
    runbooks = _names(loaded, "Runbook", prune=prune)
    measured = source or _only(_prometheus(loaded, prune=prune))
    for tree, file in loaded.foreign:
        translation = Translation(tree, file)
        if isinstance(measured, str):
            _translate(translation, Setting(measured, frozenset(runbooks)))
        else:
            loaded.errors.append(DefinitionError(measured.message, file=file, line=tree.line))
        loaded.errors += translation.errors
        loaded.warnings += translation.warnings
        for made in translation.trees if not translation.errors else ():
            load_tree(made, file, (), specs, loaded)
        if translation.errors or not isinstance(measured, str):
            loaded.whole = False


def _translate(translation: Translation, setting: Setting) -> None:
    translate = translator(translation.tree.value)
    assert translate is not None  # noqa: S101 it would not be foreign
    translate(translation, setting)
    translation.finish()


def _only(names: set[str]) -> str | DefinitionError:
    if len(names) == 1:
        return next(iter(names))
    if not names:
        return DefinitionError("needs a DataSource of type prometheus to be measured by; declare one")
    several = sorted(names)
    return DefinitionError(f"could be measured by {', '.join(several)}; say which by --source {several[0]}")


def _prometheus(loaded: Loaded, *, prune: bool) -> set[str]:
    declared = {d.name: d.spec.root.type for d in loaded.documents if d.kind == "DataSource"}
    stored = {} if prune else dict(Source.objects.values_list("name", "kind"))
    return {name for name, kind in {**stored, **declared}.items() if kind == Source.Kind.PROMETHEUS}


def _names(loaded: Loaded, kind: str, *, prune: bool) -> set[str]:
    """The names of a kind, declared or stored."""
    stored = (handler.rows().values_list(handler.key, flat=True) for handler in handlers() if handler.kind == kind)
    known = set() if prune else {str(name) for names in stored for name in names}
    return known | {document.name for document in loaded.documents if document.kind == kind}
