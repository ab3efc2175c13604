"""What is dumped is read back as the same, by this project and by any other YAML reader."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from slo.openslo.dump import definition, dump, stream
from slo.openslo.nodes import parse

PLAIN = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXT = st.text(PLAIN | st.sampled_from("\n\t\r\x85"), max_size=30) | st.sampled_from(
    [
        "yes",
        "on",
        "1:30",
        "1e3",
        "010",
        "0x1F",
        "~",
        "",
        " x",
        "x ",
        "a: b",
        "# x",
        "2026-03-01",
        "<<",
        "=",
        "- a",
        "a\nb\n",
        "\n",
    ]
)
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXT, DATA, max_size=4))
def test_dumped_data_reads_back_as_it_was(data: dict[str, Any]) -> None:
    content = parse(dump(data), "x.yaml")
    assert content.errors == []
    assert content.trees[0].value == data
    assert yaml.safe_load(dump(data)) == data


def test_long_text_is_a_block() -> None:
    assert dump({"body": "# Orders\n\nLook: here\n"}) == "body: |\n  # Orders\n\n  Look: here\n"


def test_repeated_data_is_written_out_without_aliases() -> None:
    shared = {"a": 1}
    assert "&" not in dump({"x": shared, "y": shared})


def test_a_definition_is_one_document_and_a_stream_several() -> None:
    one = definition("v1", "Thing", "x", {"a": 1}, title="X", annotations={"n/o": "p"})
    assert one == (
        "apiVersion: v1\nkind: Thing\nmetadata:\n  name: x\n  displayName: X\n"
        "  annotations:\n    n/o: p\nspec:\n  a: 1\n"
    )
    assert [tree.value["kind"] for tree in parse(stream([one, one]), "x").trees] == ["Thing", "Thing"]
