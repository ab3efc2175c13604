"""The text of documents, whatever it is, is read or refused in a sentence, and never crashes the reader."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.openslo.expand import expand
from slo.openslo.load import load
from slo.openslo.nodes import MAX_DEPTH, parse
from tests.slo.documents import COMPONENT, SERVICE, SLO
from tests.slo.reading import SPECS, read, sentences, write


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1\nb: 2", "catalog.yaml:2: not valid YAML: did not find expected ',' or ']'; check brackets, quotes"),
        ("a: 1\n b: 2", "catalog.yaml:2: not valid YAML: mapping values are not allowed in this context; check the"),
        (
            "a:\n\t- 1",
            "catalog.yaml:2: not valid YAML: found character that cannot start any token; a tab cannot indent",
        ),
        ("a:\n  b: 1\n\tc: 2", "catalog.yaml:3: not valid YAML: found a tab character that violates indentation"),
        ("a: 1\nb: 2\na: 3", "catalog.yaml:3: a: is given twice, first on line 1"),
        ("a: {b: 1, b: 2}", "catalog.yaml:1: a.b: is given twice, first on line 1"),
        ("5: x", "catalog.yaml:1: a name must be text; put 5 in quotes"),
        ("[a]: x", "catalog.yaml:1: a name must be text, not a list or a mapping"),
        ("a: &x {b: 1}\nc: {<<: *x}", "catalog.yaml:2: c: merge keys (<<) are not supported; write the fields out"),
        ("a: *x", "catalog.yaml:1: the alias *x has no anchor &x before it"),
        ("a: &x [*x]", "catalog.yaml:1: the alias *x contains itself"),
        ("a: !!python/object/apply:os.system [x]", "catalog.yaml:1: a: the tag !!python/object/apply:os.system is not"),
        ("a: !!binary aGk=", "catalog.yaml:1: a: the tag !!binary is not supported; leave it out"),
        ('a: "x\\0y"', "catalog.yaml:1: a: text must not hold control characters"),
        ('a: "x\\e[31my"', "catalog.yaml:1: a: text must not hold control characters"),
        ("[" * 100_000, f"catalog.yaml:1: nested more than {MAX_DEPTH} deep"),
        ("- " * 100_000, f"catalog.yaml:1: nested more than {MAX_DEPTH} deep"),
        ("a: x\x07", "catalog.yaml:1: this is no text: it holds control characters"),
        ("a: 1\nb: \x00", "catalog.yaml:2: this is no text: it holds control characters"),
        (
            "- a\n- b",
            "catalog.yaml:1: a document must be a mapping with apiVersion, kind, metadata and spec, not a list",
        ),
        ("hello", "a document must be a mapping with apiVersion, kind, metadata and spec, not the text 'hello'"),
        ("", "catalog.yaml: holds no document; write one or remove the file"),
        ("# nothing\n---\n---\n", "catalog.yaml: holds no document; write one or remove the file"),
        ("%YAML 9.9\n---\na: 1", "not valid YAML: found incompatible YAML document"),
    ],
)
def test_text_that_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    told = sentences(tmp_path, text)
    assert any(sentence in line for line in told), told


def test_aliases_may_be_used_but_not_as_a_bomb(tmp_path: Path) -> None:
    shared = SERVICE.replace("The shop", "&title The shop").replace("Sells comics.", "*title")
    assert read(tmp_path, shared).documents[0].spec.description == "The shop"
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12))
    (told,) = sentences(tmp_path, f"l0: &l0 [lol]\n{levels}")
    assert "aliases repeat more than 10000 values; write them out" in told


def test_words_of_old_yaml_stay_text(tmp_path: Path) -> None:
    (tree,) = parse("a: [yes, on, 1:30, 010, 2026-03-01, 1_000, 0x1F, '5']", "x").trees
    assert tree.value["a"] == ["yes", "on", "1:30", "010", "2026-03-01", "1_000", "0x1F", "5"]


def test_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, SERVICE.replace("shop", "Shop"), "a: 1\na: 2", name="one.yaml")
    write(tmp_path, COMPONENT.replace("tier: 1", "tier: 9, ownr: x"), name="two.yml")
    write(tmp_path, "no front matter", name="three.md")
    loaded = load([tmp_path], SPECS)
    assert len(loaded.errors) == 6
    assert {Path(error.file).name for error in loaded.errors} == {"one.yaml", "two.yml", "three.md"}


def test_folders_are_searched_hidden_things_and_readmes_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deep" / ".git").mkdir(parents=True)
    write(tmp_path / "deep", SERVICE, name="a.YAML")
    write(tmp_path / "deep" / ".git", "broken: [", name="b.yaml")
    write(tmp_path, "# about", name="README.md")
    write(tmp_path, "{", name="notes.txt")
    loaded = load([tmp_path, tmp_path / "deep" / "a.YAML"], SPECS)
    assert ([d.name for d in loaded.documents], loaded.errors) == (["shop"], [])


def test_paths_that_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    write(tmp_path, "{}", name="x.toml")
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    (tmp_path / "wide.yaml").write_bytes("a: 1".encode("utf-16"))
    (tmp_path / "huge.yaml").write_bytes(b"#" * 5_000_001)
    names = ("missing", "empty", "pipe.yaml", "x.toml", "latin.yaml", "wide.yaml", "huge.yaml")
    loaded = load([tmp_path / name for name in names], SPECS)
    assert not loaded.whole
    assert [str(error).removeprefix(f"{tmp_path}{os.sep}") for error in loaded.errors] == [
        "missing: there is no such file or folder",
        "empty: the folder holds no *.yaml, *.yml or *.md files",
        "pipe.yaml: this is neither a file nor a folder",
        "x.toml: documents are *.yaml, *.yml or *.md files; rename this one",
        "latin.yaml:2: this is no UTF-8 text; save the file as UTF-8",
        "wide.yaml:1: this is no UTF-8 text; save the file as UTF-8",
        "huge.yaml: larger than 5 MB; split it",
    ]


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, SERVICE)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (error,) = load([path], SPECS).errors
    assert str(error) == f"{path}: cannot be read: Permission denied"


def test_a_byte_order_mark_and_other_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "dos.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SERVICE.replace("\n", "\r\n").encode())
    assert load([path], SPECS).errors == []


RUNBOOK = """---
title: Orders are down
severity: P2
---
# Orders

1. Look at the *dashboard*.
"""


def test_markdown_is_a_runbook_named_like_its_file(tmp_path: Path) -> None:
    (runbook,) = read(tmp_path, RUNBOOK, name="orders-down.md").documents
    assert (runbook.kind, runbook.name, runbook.title) == ("Runbook", "orders-down", "Orders are down")
    assert (runbook.spec.severity, runbook.spec.body) == ("P2", "# Orders\n\n1. Look at the *dashboard*.\n")
    assert (runbook.lines["spec.severity"], runbook.lines["spec.body"]) == (3, 5)


def test_a_runbook_takes_its_title_from_its_heading(tmp_path: Path) -> None:
    (runbook,) = read(tmp_path, RUNBOOK.replace("title: Orders are down\n", "name: orders\n"), name="x.md").documents
    assert (runbook.name, runbook.title) == ("orders", "Orders")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# Orders\n", "orders.md:1: a runbook starts with front matter"),
        ("---\ntitle: x\n", "orders.md:1: a runbook starts with front matter"),
        ("---\ntitle: [x\n---\n", "orders.md:3: not valid YAML"),
        (
            "---\ntitle: x\nsevrity: P1\n---\n",
            "orders.md:3: spec.sevrity: is not a known field; did you mean severity?",
        ),
        ("---\n- x\n---\n", "orders.md:2: a document must be a mapping"),
        ("", "orders.md:1: a runbook starts with front matter"),
    ],
)
def test_markdown_that_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    told = sentences(tmp_path, text, name="orders.md")
    assert any(sentence in line for line in told), told


QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
SNIPPETS = st.sampled_from(
    ["---\n", "\n", "  ", "- ", ": ", "&a ", "*a", "!!str ", "{", "}", "[", "]", "|\n", '"', "'", "#"]
)
FIELDS = st.sampled_from(["apiVersion", "openslo/v1", "kind", "SLO", "metadata", "spec", "name", "objectives", "1e9"])


@QUIET
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".yaml", ".md"]))
def test_no_bytes_ever_crash_the_reader(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    loaded = expand(load([path], SPECS))
    assert loaded.errors or loaded.documents


@QUIET
@given(parts=st.lists(SNIPPETS | FIELDS | st.text(max_size=5), max_size=40))
def test_no_text_that_looks_like_yaml_ever_crashes_the_reader(parts: list[str]) -> None:
    content = parse("".join(parts), "any.yaml")
    assert all(str(error) for error in content.errors)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SPOTS = ("service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod", "objectives", "description")


@QUIET
@given(spot=st.sampled_from(SPOTS), value=VALUES)
def test_no_value_in_any_place_ever_crashes_the_reader(tmp_path: Path, spot: str, value: Any) -> None:
    document = yaml.safe_load(SLO)
    document["spec"][spot] = value
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    loaded = expand(load([path], SPECS))
    assert all(error.file and error.message for error in loaded.errors)
