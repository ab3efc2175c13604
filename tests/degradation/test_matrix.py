"""The reference case: MangaAssist's capabilities, and the degradation matrix as its team wrote it."""

from typing import Any

import pytest

from degradation.rules.health import Status
from degradation.rules.matrix import matrix
from degradation.rules.modes import judge, mode

STORED: dict[str, list[dict[str, Any]]] = {
    "recommendations": [
        {"name": "personal", "when": "all(recommendations, catalog)"},
        {"name": "popular titles", "when": "catalog"},
        {"name": "browse page"},
    ],
    "order tracking": [{"name": "full", "when": "orders"}, {"name": "link and agent"}],
    "FAQ": [{"name": "full", "when": "llm"}, {"name": "templates", "degraded": True}],
    "returns": [
        {"name": "full", "when": "returns", "healthy": True},
        {"name": "slow", "when": "returns"},
        {"name": "link and agent"},
    ],
    "product questions": [
        {"name": "full", "when": "all(catalog, llm)"},
        {"name": "text and link", "when": "llm"},
        {"name": "template", "when": "catalog"},
        {"name": "FAQ and search"},
    ],
}
CAPABILITIES = {name: [mode(item) for item in modes] for name, modes in STORED.items()}
WELL: dict[str, Status] = dict.fromkeys(["recommendations", "catalog", "orders", "llm", "returns"], "ok")
ROWS = {row.down: row for row in matrix(CAPABILITIES)}


@pytest.mark.parametrize(
    ("down", "expected"),
    [
        (("recommendations",), {"recommendations": "popular titles"}),
        (("catalog",), {"recommendations": "browse page", "product questions": "text and link"}),
        (("orders",), {"order tracking": "link and agent"}),
        (("returns",), {"returns": "link and agent"}),
        (("llm",), {"FAQ": "templates", "product questions": "template"}),
        (("catalog", "recommendations"), {"recommendations": "browse page", "product questions": "text and link"}),
        (
            ("catalog", "llm"),
            {"recommendations": "browse page", "product questions": "FAQ and search", "FAQ": "templates"},
        ),
    ],
)
def test_the_matrix_is_the_one_the_team_wrote(down: tuple[str, ...], expected: dict[str, str]) -> None:
    row = ROWS[down]
    assert {name: row.modes[name].mode.name for name in row.hurt} == expected


def test_the_matrix_has_every_outage_of_one_and_two() -> None:
    assert len(ROWS) == 5 + 10


def test_a_pair_tells_what_it_makes_worse_than_each_alone() -> None:
    assert ROWS[("catalog", "llm")].worse == ("product questions",)
    assert ROWS[("orders", "returns")].worse == ()
    assert ROWS[("catalog", "recommendations")].worse == ()


def test_without_capabilities_there_is_no_matrix() -> None:
    assert matrix({}) == []


@pytest.mark.parametrize(
    ("capability", "statuses", "name", "state", "because"),
    [
        ("returns", {}, "full", "full", ()),
        ("returns", {"returns": "warn"}, "slow", "degraded", ("returns",)),
        ("returns", {"returns": "down"}, "link and agent", "last resort", ("returns",)),
        ("FAQ", {"llm": "warn"}, "full", "full", ()),
        ("FAQ", {"llm": "down"}, "templates", "degraded", ("llm",)),
        ("recommendations", {"catalog": "down"}, "browse page", "last resort", ("catalog",)),
        (
            "recommendations",
            {"catalog": "down", "recommendations": "down"},
            "browse page",
            "last resort",
            ("catalog", "recommendations"),
        ),
        ("product questions", {"catalog": "down"}, "text and link", "degraded", ("catalog",)),
        ("order tracking", {"orders": "unknown"}, "full", "unknown", ("orders",)),
        ("order tracking", {"llm": "unknown"}, "full", "full", ()),
        (
            "recommendations",
            {"catalog": "down", "recommendations": "unknown"},
            "browse page",
            "last resort",
            ("catalog",),
        ),
    ],
)
def test_the_present_mode_and_what_is_to_blame(
    capability: str, statuses: dict[str, Status], name: str, state: str, because: tuple[str, ...]
) -> None:
    present = judge(CAPABILITIES[capability], {**WELL, **statuses})
    assert (present.mode.name, present.state, present.because) == (name, state, because)


def test_only_a_mode_that_serves_nothing_is_a_last_resort() -> None:
    statuses: dict[str, Status] = dict.fromkeys(WELL, "down")
    last = {name for name, modes in CAPABILITIES.items() if judge(modes, statuses).last_resort}
    assert last == CAPABILITIES.keys() - {"FAQ"}


def test_a_component_that_is_gone_counts_as_down() -> None:
    assert judge(CAPABILITIES["FAQ"], {}).mode.name == "templates"
