"""Where the boxes and lines of a dependency graph go. PURE: names and edges in, coordinates out.

Layered drawing after Sugiyama, Tagawa and Toda (1981): what nothing needs stands left, every dependency further right;
long lines run through places of their own between the boxes; the order in each layer follows that of the neighbours,
which leaves few crossings. The libraries that draw graphs well are no Python, or want a browser to compute in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

BOX_WIDTH, BOX_HEIGHT = 164, 40
ROW, BEND = BOX_HEIGHT + 14, 16
# Between columns there is so much room for lines: more where a drawing would leave its place half empty.
NARROWEST, WIDEST, PLACE = 72, 180, 1_172
MARGIN = 8
SWEEPS = 8
# What depends on nothing and nothing needs stands below the rest, so many beside each other.
ACROSS = 4


@dataclass(frozen=True, slots=True)
class Edge:
    """`start` needs `end`; without a hard dependency it does not work at all."""

    start: str
    end: str
    hard: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """A node by its left upper corner."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """An edge as the path of an SVG."""

    edge: Edge
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def reached(start: Iterable[str], edges: Iterable[Edge], *, back: bool = False) -> set[str]:
    """What these need, directly or not; with `back` what needs them. They are among it."""
    following = defaultdict(list)
    for edge in edges:
        following[edge.end if back else edge.start].append(edge.start if back else edge.end)
    found, waiting = set[str](), list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += following[name]
    return found


def draw(nodes: Sequence[str], edges: Iterable[Edge]) -> Drawing:
    """Place the nodes, which keep their order where nothing else decides. Edges must not go in a circle."""
    known = set(nodes)
    used = [edge for edge in edges if edge.start in known and edge.end in known]
    tied = {name for edge in used for name in (edge.start, edge.end)}
    joined, alone = [n for n in nodes if n in tied], [n for n in nodes if n not in tied]
    places = _Places(joined, used, _layers(joined, used))
    places.settle()
    columns = max(ACROSS, places.columns)
    step = places.step
    boxes = [Box(name, *places.corner(name)) for name in joined]
    boxes += [
        Box(name, MARGIN + i % columns * step, places.height + i // columns * ROW) for i, name in enumerate(alone)
    ]
    lines = tuple(Line(edge, places.path(number, edge)) for number, edge in enumerate(used))
    wide = max((box.x for box in boxes), default=0.0) + BOX_WIDTH + MARGIN
    high = max((box.y for box in boxes), default=0.0) + ROW
    return Drawing(wide, max(high, places.height), tuple(boxes), lines)


def _layers(nodes: Sequence[str], edges: Iterable[Edge]) -> dict[str, int]:
    """The layer of each node: one further than the furthest of those that need it."""
    needed = defaultdict(list)
    waiting = dict.fromkeys(nodes, 0)
    for edge in edges:
        needed[edge.start].append(edge.end)
        waiting[edge.end] += 1
    layers = dict.fromkeys(nodes, 0)
    ready = [name for name in nodes if not waiting[name]]
    while ready:
        name = ready.pop()
        for other in needed[name]:
            layers[other] = max(layers[other], layers[name] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    # What nothing needs stands close to what it needs, or the first layer would hold all of it.
    wanted = {other for others in needed.values() for other in others}
    starts = [name for name in nodes if needed[name] and name not in wanted]
    return layers | {name: min(layers[other] for other in needed[name]) - 1 for name in starts}


class _Places:
    """Boxes and bends in their layers. A bend is where a line passes a layer; it is named after its edge's number."""

    def __init__(self, nodes: Sequence[str], edges: Sequence[Edge], layers: Mapping[str, int]) -> None:
        self._layer: dict[object, int] = dict[object, int](layers.items())
        self.columns = max(layers.values(), default=-1) + 1
        room = (PLACE - 2 * MARGIN - self.columns * BOX_WIDTH) / max(1, self.columns - 1)
        self.step = BOX_WIDTH + min(WIDEST, max(NARROWEST, room))
        self._rows: list[list[object]] = [[] for _ in range(self.columns)]
        self._before: dict[object, list[object]] = defaultdict(list)
        self._after: dict[object, list[object]] = defaultdict(list)
        for name in nodes:
            self._rows[layers[name]].append(name)
        for number, edge in enumerate(edges):
            way = [edge.start, *self._bends(number, edge), edge.end]
            for one, other in pairwise(way):
                self._after[one].append(other)
                self._before[other].append(one)
        self._y: dict[object, float] = {}

    def _bends(self, number: int, edge: Edge) -> list[object]:
        found: list[object] = []
        for layer in range(self._layer[edge.start] + 1, self._layer[edge.end]):
            bend = (number, layer)
            self._layer[bend] = layer
            self._rows[layer].append(bend)
            found.append(bend)
        return found

    def settle(self) -> None:
        """Order each layer by the middle of its neighbours, forth and back, then give everything its height."""
        for sweep in range(SWEEPS):
            forth = sweep % 2 == 0
            neighbours = self._before if forth else self._after
            position = self._positions()
            for row in self._rows if forth else reversed(self._rows):
                row.sort(key=lambda item: self._middle(neighbours[item], position, position[item]))
                position |= self._spread(row)
        tallest = max((self._height(row) for row in self._rows), default=0.0)
        for row in self._rows:
            y = MARGIN + (tallest - self._height(row)) / 2
            for item in row:
                self._y[item] = y
                y += _room(item)
        self.height = tallest + 2 * MARGIN

    def _positions(self) -> dict[object, float]:
        return {item: place for row in self._rows for item, place in self._spread(row).items()}

    @staticmethod
    def _spread(row: Sequence[object]) -> dict[object, float]:
        return {item: (index + 0.5) / len(row) for index, item in enumerate(row)}

    @staticmethod
    def _middle(neighbours: Sequence[object], position: Mapping[object, float], own: float) -> float:
        return sum(position[item] for item in neighbours) / len(neighbours) if neighbours else own

    @staticmethod
    def _height(row: Iterable[object]) -> float:
        return sum(_room(item) for item in row)

    def corner(self, name: str) -> tuple[float, float]:
        return MARGIN + self._layer[name] * self.step, self._y[name]

    def path(self, number: int, edge: Edge) -> str:
        """From the right side of one box to the left side of the other, through its bends."""
        x, y = self.corner(edge.start)
        parts = [f"M{x + BOX_WIDTH:g} {y + BOX_HEIGHT / 2:g}"]
        x, y = x + BOX_WIDTH, y + BOX_HEIGHT / 2
        for layer in range(self._layer[edge.start] + 1, self._layer[edge.end]):
            left = MARGIN + layer * self.step
            height = self._y[number, layer] + BEND / 2
            parts.append(_curve(x, y, left, height) + f"H{left + BOX_WIDTH:g}")
            x, y = left + BOX_WIDTH, height
        end_x, end_y = self.corner(edge.end)
        return "".join([*parts, _curve(x, y, end_x, end_y + BOX_HEIGHT / 2)])


def _room(item: object) -> float:
    return ROW if isinstance(item, str) else BEND


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
