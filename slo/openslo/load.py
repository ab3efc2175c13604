"""Documents out of files: YAML and Markdown, each with its line numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from slo.errors import DefinitionError

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """A validated document: its envelope, its `spec`, and where it was written.

    `lines` holds the line of every field by its dotted path, such as `spec.objectives.0.target`.
    """

    api: str
    kind: str
    name: str
    title: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: S
    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    def error(self, message: str, field: str = "") -> DefinitionError:
        """The error to raise about this document (or its field, such as `spec.tier`), with file and line."""
        path = field
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return DefinitionError(message, file=self.file, line=self.lines.get(path, self.line), field=field)
