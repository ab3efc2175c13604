"""The drawing of dependencies: everything goes right, nothing lies upon anything else, whatever the size."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.graph import BOX_HEIGHT, BOX_WIDTH, Drawing, Edge, draw


def _graph(number: int, chance: float, seed: int) -> tuple[list[str], list[Edge]]:
    generator = random.Random(seed)
    names = [f"c{i}" for i in range(number)]
    pairs = ((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    return names, [Edge(a, b, generator.random() < 0.5) for a, b in pairs if generator.random() < chance]


def _overlaps(drawing: Drawing) -> list[tuple[str, str]]:
    columns: dict[float, list[tuple[float, str]]] = {}
    for box in drawing.boxes:
        columns.setdefault(box.x, []).append((box.y, box.name))
    found = []
    for column in columns.values():
        ordered = sorted(column)
        found += [(a, b) for (y, a), (z, b) in pairwise(ordered) if z - y < BOX_HEIGHT]
    return found


@given(st.integers(1, 12), st.floats(0, 0.6), st.integers(0, 10_000))
@settings(max_examples=60)
def test_every_dependency_stands_further_right_and_no_box_on_another(number: int, chance: float, seed: int) -> None:
    names, edges = _graph(number, chance, seed)
    drawing = draw(names, edges)
    x = {box.name: box.x for box in drawing.boxes}
    assert [box.name for box in drawing.boxes if box.x < 0 or box.x + BOX_WIDTH > drawing.width] == []
    assert all(box.y >= 0 and box.y + BOX_HEIGHT <= drawing.height for box in drawing.boxes)
    assert sorted(x) == sorted(names)
    assert all(x[edge.start] + BOX_WIDTH < x[edge.end] for edge in edges)
    assert _overlaps(drawing) == []
    assert [line.edge for line in drawing.lines] == edges


def test_two_hundred_components_are_drawn_as_well() -> None:
    names, edges = _graph(200, 0.008, seed=1)
    drawing = draw(names, edges)
    assert len(drawing.boxes) == 200
    assert _overlaps(drawing) == []


def test_a_line_to_a_far_layer_passes_between_the_boxes_of_those_it_crosses() -> None:
    drawing = draw(["a", "b", "c"], [Edge("a", "b"), Edge("b", "c"), Edge("a", "c", hard=False)])
    boxes = {box.name: box for box in drawing.boxes}
    (far,) = [line for line in drawing.lines if not line.edge.hard]
    height = float(far.path.split("H")[0].split()[-1])
    assert not boxes["b"].y <= height <= boxes["b"].y + BOX_HEIGHT


def test_what_is_tied_to_nothing_stands_below_the_rest() -> None:
    drawing = draw(["lone", "a", "b"], [Edge("a", "b"), Edge("a", "unknown")])
    y = {box.name: box.y for box in drawing.boxes}
    assert y["lone"] > max(y["a"], y["b"])
    assert len(drawing.lines) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([], []).boxes == ()
