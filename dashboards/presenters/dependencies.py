"""What needs what: what is in trouble and whom that hits, a drawing with the states in it, and the same in words."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboards import formats, graph
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.rules import modes
from degradation.selectors import Health, ModeView
from slo.models import Component

# So many characters fit into a box, in its first and second line.
LONGEST, LONGEST_UNDER = 21, 27
# More components than that are not drawn all at once unless somebody asks for it.
MANY = 40
EVERYTHING, TROUBLE = "*", "!"


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
class Line:
    """A dependency in the drawing; one that `hurts` leads to a component in trouble."""

    start: str
    end: str
    path: str
    hard: bool
    hurts: bool


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
class Hit:
    """A capability that a component in trouble takes something from."""

    name: str
    title: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class Trouble:
    """A component that is down or warns: what does not work without it, and what works less well."""

    name: str
    title: str
    badge: Badge
    because: str
    stops: str
    weakens: str
    capabilities: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class DependenciesPage:
    """`around` is what is drawn: a component with all that it needs and that needs it, EVERYTHING or TROUBLE."""

    around: str
    choices: tuple[tuple[str, str], ...]
    trouble: tuple[Trouble, ...]
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    width: float
    height: float
    rows: tuple[Row, ...]
    total: int
    box_width: int = graph.BOX_WIDTH
    box_height: int = graph.BOX_HEIGHT


def dependencies_page(at: datetime, around: str = "") -> DependenciesPage:
    """The components around one, or all of them, and what they depend on, as of `at`."""
    items = list(Component.objects.select_related("service").order_by("tier", "service__name", "name"))
    health = {item.name: item for item in degradation.health(at)}
    states = {name: badges.health(item.status) for name, item in health.items()}
    known = {item.name for item in items}
    edges = [graph.Edge(item.name, need["component"], need["kind"] == "hard") for item in items for need in item.needs]
    edges = [edge for edge in edges if edge.end in known]
    titles = {item.name: str(item) for item in items}
    troubled = [name for name, badge in states.items() if badge.tone in ("bad", "warn")]
    around = _around(around, known, troubled)
    chosen = _shown(around, known, troubled, edges)
    shown = [item for item in items if item.name in chosen]
    drawing = graph.draw([item.name for item in shown], edges)
    corners = {box.name: box for box in drawing.boxes}
    views = degradation.capabilities(at, health.values()) if troubled else []
    return DependenciesPage(
        around=around,
        choices=_choices(titles, troubled),
        trouble=tuple(
            _trouble(health[name], edges, titles, views) for name in sorted(troubled, key=lambda n: states[n].rank)
        ),
        nodes=tuple(_node(item, states[item.name], corners[item.name]) for item in shown),
        lines=tuple(_line(line, troubled) for line in drawing.lines),
        width=drawing.width,
        height=drawing.height,
        rows=tuple(_row(item, states[item.name], edges, titles) for item in shown),
        total=len(items),
    )


def _around(asked: str, known: Collection[str], troubled: Collection[str]) -> str:
    if asked in known or asked == EVERYTHING or (asked == TROUBLE and troubled):
        return asked
    return TROUBLE if len(known) > MANY and troubled else EVERYTHING


def _shown(
    around: str, known: Collection[str], troubled: Collection[str], edges: Collection[graph.Edge]
) -> Collection[str]:
    if around == EVERYTHING:
        return known
    if around == TROUBLE:
        return graph.reached(troubled, edges, back=True)
    return graph.reached([around], edges) | graph.reached([around], edges, back=True)


def _choices(titles: Mapping[str, str], troubled: Collection[str]) -> tuple[tuple[str, str], ...]:
    trouble = ((TROUBLE, "what is in trouble, and who needs it"),) if troubled else ()
    named = sorted(titles.items(), key=lambda pair: pair[1].lower())
    return ((EVERYTHING, "everything"), *trouble, *named)


def _trouble(
    health: Health, edges: Collection[graph.Edge], titles: Mapping[str, str], views: Iterable[ModeView]
) -> Trouble:
    stopped = graph.reached([health.name], [edge for edge in edges if edge.hard], back=True)
    weaker = {edge.start for edge in edges if edge.end in stopped} - stopped
    return Trouble(
        health.name,
        health.title,
        badges.health(health.status),
        health.because,
        formats.listing(sorted(titles[name] for name in stopped - {health.name})),
        formats.listing(sorted(titles[name] for name in weaker)),
        tuple(
            Hit(view.capability.name, str(view.capability), badges.mode(view.state))
            for view in views
            if health.name in modes.components(degradation.modes(view.capability))
        ),
    )


def _line(line: graph.Line, troubled: Collection[str]) -> Line:
    edge = line.edge
    return Line(edge.start, edge.end, line.path, edge.hard, edge.end in troubled)


def _node(item: Component, badge: Badge, box: graph.Box) -> Node:
    under = _fitting(f"{badge.word} · {item.service}", LONGEST_UNDER)
    return Node(item.name, str(item), _fitting(str(item), LONGEST), under, badge, box.x, box.y)


def _fitting(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _row(item: Component, badge: Badge, edges: Collection[graph.Edge], titles: Mapping[str, str]) -> Row:
    def named(names: list[str]) -> str:
        return formats.listing([titles[name] for name in names])

    return Row(
        item.name,
        titles[item.name],
        str(item.service),
        badge,
        named([edge.end for edge in edges if edge.start == item.name and edge.hard]),
        named([edge.end for edge in edges if edge.start == item.name and not edge.hard]),
        named([edge.start for edge in edges if edge.end == item.name]),
    )
