"""Documents out of files: YAML and Markdown, validated, each with its line numbers. Nothing here ever half-works:
everything wrong is collected, and what is right is there to be looked at."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from slo.errors import DefinitionError
from slo.openslo import files
from slo.openslo.nodes import Content, Tree, join, parse
from slo.openslo.schema import Envelope
from slo.openslo.sentences import faults, near, shown
from slo.openslo.tools import translator

S = TypeVar("S", bound=BaseModel)

Specs = Mapping[tuple[str, str], type[BaseModel]]
"""The spec of every known kind, by apiVersion and kind."""

Fault = Callable[..., DefinitionError]

OPENSLO, BROWNOUT = "openslo/v1", "brownout/v1"

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#[ \t]+(.+)$", re.MULTILINE)
_METADATA = {
    "name": "name",
    "title": "displayName",
    "displayName": "displayName",
    "labels": "labels",
    "annotations": "annotations",
}


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """A validated document: its envelope, its `spec`, and where it was written.

    `lines` holds the line of every field by its dotted path, such as `spec.objectives.0.target`.
    """

    api: str
    kind: str
    name: str
    title: str
    labels: Mapping[str, str | list[str]]
    annotations: Mapping[str, str]
    spec: S
    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)
    implied: bool = False

    @property
    def place(self) -> str:
        """Where it is written: file and line."""
        return f"{self.file}:{self.line}"

    def error(self, message: str, field: str = "") -> DefinitionError:
        """The error to raise about this document (or its field, such as `spec.tier`), with file and line."""
        return locate(message, self.file, self.line, self.lines, field)


@dataclass(slots=True)
class Loaded:
    """What was found: the good documents, everything wrong, and what cannot be known because of it.

    `broken` names (kind, name) of documents at fault; `whole` is False when some text could not be read to its end.
    `foreign` are documents of other tools, still to be translated; `warnings` name what is not carried over.
    """

    documents: list[Document[Any]] = field(default_factory=list)
    errors: list[DefinitionError] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    whole: bool = True
    foreign: list[tuple[Tree, str]] = field(default_factory=list)
    warnings: list[DefinitionError] = field(default_factory=list)


def locate(message: str, file: str, line: int, lines: Mapping[str, int], field: str) -> DefinitionError:
    """An error at a field, or at the nearest of its parents that is written in the document."""
    path = field.replace("[", ".").replace("]", "")
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return DefinitionError(message, file=file, line=lines.get(path, line), field=field)


def load(paths: Iterable[str | Path], specs: Specs) -> Loaded:
    """Every document in the files and folders. Never raises: what is wrong is in the answer."""
    loaded = Loaded()
    for found in files.find(paths):
        if isinstance(found, DefinitionError):
            loaded.errors.append(found)
            loaded.whole = False
        else:
            _load_file(found, specs, loaded)
    return loaded


def _load_file(path: Path, specs: Specs, loaded: Loaded) -> None:
    file = files.shown(path)
    try:
        text = files.read(path)
    except DefinitionError as error:
        loaded.errors.append(error)
        loaded.whole = False
        return
    content = _markdown(text, path) if path.suffix.lower() in files.MARKDOWN else parse(text, file)
    _take(content, file, specs, loaded)


def load_text(text: str, specs: Specs) -> Loaded:
    """Every document in a text that somebody typed. Never raises: what is wrong is in the answer, without a file."""
    loaded = Loaded()
    _take(parse(text, ""), "", specs, loaded)
    return loaded


def _take(content: Content, file: str, specs: Specs, loaded: Loaded) -> None:
    if not content.trees and not content.errors:
        content.errors.append(
            DefinitionError(
                "holds no document; write one or remove the file" if file else "holds no document", file=file
            )
        )
    loaded.errors += content.errors
    loaded.whole &= content.whole
    for tree in content.trees:
        if translator(tree.value):
            loaded.foreign.append((tree, file))
        else:
            load_tree(tree, file, content.errors, specs, loaded)


def load_tree(tree: Tree, file: str, noted: Sequence[DefinitionError], specs: Specs, loaded: Loaded) -> None:
    """Validate one document and add it, or what is wrong with it that is not `noted` already."""
    before = len(loaded.errors)
    document = None
    try:
        document = _document(tree, file, specs, loaded.errors)
    except DefinitionError as error:
        loaded.errors.append(error)
    if document is not None and len(loaded.errors) == before:
        loaded.documents.append(document)
    else:
        loaded.broken.add(_identity(tree.value))
    # What YAML already refused needs no second complaint about the value put in its place.
    told = {(error.line, error.field) for error in noted}
    loaded.errors[before:] = [error for error in loaded.errors[before:] if (error.line, error.field) not in told]


def _identity(value: Any) -> tuple[str, str]:
    """Kind and name, as far as a document at fault tells them."""
    if not isinstance(value, dict):
        return "", ""
    metadata = value.get("metadata")
    return str(value.get("kind", "")), str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def _document(tree: Tree, file: str, specs: Specs, errors: list[DefinitionError]) -> Document[Any] | None:
    fault = partial(_fault, tree, file)
    value = tree.value
    if not isinstance(value, dict):
        raise fault(f"a document must be a mapping with apiVersion, kind, metadata and spec, not {shown(value)}")
    api, kind = _kind(value, specs, fault)
    envelope = _validated(Envelope, value, "", tree.lines, fault, errors)
    spec = value.get("spec")
    content = _validated(specs[api, kind], spec, "spec", tree.lines, fault, errors) if isinstance(spec, dict) else None
    if envelope is None or content is None:
        return None
    about = envelope.metadata
    return Document(
        api,
        kind,
        about.name,
        about.display_name,
        about.labels,
        about.annotations,
        content,
        file,
        tree.line,
        tree.lines,
        tree.implied,
    )


def _fault(tree: Tree, file: str, message: str, field: str = "") -> DefinitionError:
    return locate(message, file, tree.line, tree.lines, field)


def _kind(value: Mapping[str, Any], specs: Specs, fault: Fault) -> tuple[str, str]:
    for name in ("apiVersion", "kind"):
        if not isinstance(value.get(name), str):
            raise fault("is required" if name not in value else f"must be text, not {shown(value[name])}", name)
    api, kind = str(value["apiVersion"]), str(value["kind"])
    if (api, kind) in specs:
        return api, kind
    homes = sorted({known for known, name in specs if name == kind})
    versions = sorted({known for known, _ in specs}, reverse=True)
    if api not in versions or homes:
        raise fault(f"{kind[:60]} is of {' or '.join(homes or versions)}, not {api[:60]!r}", "apiVersion")
    kinds = sorted(name for known, name in specs if known == api)
    raise fault(f"{kind[:60]!r} is no kind of {api}; there are {', '.join(kinds)}{near(kind, kinds)}", "kind")


def _validated(
    model: type[S],
    value: Mapping[str, Any],
    prefix: str,
    lines: Mapping[str, int],
    fault: Fault,
    errors: list[DefinitionError],
) -> S | None:
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        start = f"{prefix}." if prefix else ""
        written = {path.removeprefix(start): line for path, line in lines.items() if path.startswith(start)}
        errors += [
            fault(message, join(prefix, path) if path else prefix) for path, message in faults(error, model, written)
        ]
    except DefinitionError as error:
        errors.append(fault(error.message, join(prefix, error.field) if error.field else prefix))
    return None


def _markdown(text: str, path: Path) -> Content:
    """A runbook: front matter says what it is, the rest is its body."""
    file = str(path)
    matched = _FRONT_MATTER.match(text)
    if matched is None:
        message = "a runbook starts with front matter: a line ---, then title: and owner:, and a line ---"
        return Content(errors=[DefinitionError(message, file=file, line=1)], whole=False)
    content = parse(matched["front"], file, offset=1)
    if not content.errors and len(content.trees) <= 1:
        front = content.trees[0] if content.trees else Tree({}, 1, {})
        content.trees = [_runbook(front, text[matched.end() :], text[: matched.end()].count("\n") + 1, path)]
    return content


def _runbook(front: Tree, body: str, first: int, path: Path) -> Tree:
    if not isinstance(front.value, dict):
        return front
    about, spec, lines = {"name": path.stem}, {"body": body.strip() + "\n"}, {"spec.body": first}
    heading = _HEADING.search(body)
    if heading:
        about["displayName"] = heading[1].strip()
    for key, value in front.value.items():
        metadata = _METADATA.get(key)
        (about if metadata else spec)[metadata or key] = value
        renamed = f"metadata.{metadata}" if metadata else f"spec.{key}"
        lines |= {
            renamed + place.removeprefix(key): line
            for place, line in front.lines.items()
            if place == key or place.startswith(f"{key}.")
        }
    return Tree({"apiVersion": BROWNOUT, "kind": "Runbook", "metadata": about, "spec": spec}, 1, lines)
