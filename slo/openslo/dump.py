"""Documents back as YAML that this project, and OpenSLO's own tools, read the same way."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from slo.openslo.nodes import BOOL, FLOAT, INT, NULL


class _Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 or this project's reader would not take as text; long text is a block."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "|" if "\n" in data.strip("\n") else None
    # PyYAML writes the rarer line ends as they are, where readers would fold them.
    if any(end in data for end in "\r\x85\u2028\u2029"):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _text)
for _tag, _pattern in (("null", NULL), ("bool", BOOL), ("int", INT), ("float", FLOAT)):
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, None)


def definition(
    api: str,
    kind: str,
    name: str,
    spec: Mapping[str, Any],
    *,
    title: str = "",
    annotations: Mapping[str, str] | None = None,
) -> str:
    """The YAML of one document; `spec` in the spelling of documents."""
    metadata: dict[str, Any] = {"name": name}
    if title:
        metadata["displayName"] = title
    if annotations:
        metadata["annotations"] = dict(annotations)
    return dump({"apiVersion": api, "kind": kind, "metadata": metadata, "spec": dict(spec)})


def stream(definitions: Iterable[str]) -> str:
    """Several documents as one text."""
    return "---\n".join(definitions)


def dump(value: Any) -> str:
    """Plain data as YAML, in the order given."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
