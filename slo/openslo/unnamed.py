"""OpenSLO's indicators that say `type: Prometheus` and name no DataSource."""

from typing import Any

from slo.openslo.foreign import OPENSLO, Setting, Translation
from slo.openslo.nodes import Tree

KINDS = ("SLO", "SLI")
REF = "metricSourceRef"


def recognized(value: dict[str, Any]) -> bool:
    """Is this a document of OpenSLO's that leaves open which Prometheus is meant?"""
    return value.get("apiVersion") == OPENSLO and value.get("kind") in KINDS and _named(value, "") != value


def translate(translation: Translation, setting: Setting) -> None:
    """The same document, measured by the DataSource there is."""
    tree = translation.tree
    translation.trees.append(Tree(_named(tree.value, setting.source), tree.line, tree.lines))


def _named(value: Any, source: str) -> Any:
    if isinstance(value, list):
        return [_named(item, source) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _named(item, source) for name, item in value.items()}
    asked = found.get("metricSource")
    if isinstance(asked, dict) and REF not in asked and str(asked.get("type")).lower() == "prometheus":
        found["metricSource"] = {REF: source, **asked}
    return found
