"""What needs what, as a drawing with the present state in it and as a table that says the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboards import formats, graph
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from slo.models import Component

# So many characters fit into a box, in its first and second line.
LONGEST, LONGEST_UNDER = 21, 27


@dataclass(frozen=True, slots=True)
class Node:
    """A component in the drawing: its box by the left upper corner."""

    name: str
    title: str
    short: str
    under: str
    badge: Badge
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Row:
    """The same in words."""

    name: str
    title: str
    service: str
    badge: Badge
    hard: str
    soft: str
    needed_by: str


@dataclass(frozen=True, slots=True)
class DependenciesPage:
    nodes: tuple[Node, ...]
    lines: tuple[graph.Line, ...]
    width: float
    height: float
    rows: tuple[Row, ...]
    box_width: int = graph.BOX_WIDTH
    box_height: int = graph.BOX_HEIGHT


def dependencies_page(at: datetime) -> DependenciesPage:
    """Every component and what it depends on, as of `at`."""
    items = list(Component.objects.select_related("service").order_by("tier", "service__name", "name"))
    states = {health.name: badges.health(health.status) for health in degradation.health(at)}
    edges = [graph.Edge(item.name, need["component"], need["kind"] == "hard") for item in items for need in item.needs]
    drawing = graph.draw([item.name for item in items], edges)
    corners = {box.name: box for box in drawing.boxes}
    titles = {item.name: str(item) for item in items}
    return DependenciesPage(
        nodes=tuple(_node(item, states[item.name], corners[item.name]) for item in items),
        lines=drawing.lines,
        width=drawing.width,
        height=drawing.height,
        rows=tuple(_row(item, states[item.name], edges, titles) for item in items),
    )


def _node(item: Component, badge: Badge, box: graph.Box) -> Node:
    under = _fitting(f"{badge.word} · {item.service}", LONGEST_UNDER)
    return Node(item.name, str(item), _fitting(str(item), LONGEST), under, badge, box.x, box.y)


def _fitting(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _row(item: Component, badge: Badge, edges: list[graph.Edge], titles: Mapping[str, str]) -> Row:
    def named(names: list[str]) -> str:
        return formats.listing([titles.get(name, name) for name in names])

    return Row(
        item.name,
        titles[item.name],
        str(item.service),
        badge,
        named([edge.end for edge in edges if edge.start == item.name and edge.hard]),
        named([edge.end for edge in edges if edge.start == item.name and not edge.hard]),
        named([edge.start for edge in edges if edge.end == item.name]),
    )
