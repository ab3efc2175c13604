"""Documents are read whole and strictly: whatever is wrong is told in a sentence, with its line and field."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slo.maths.windows import Calendar, Rolling
from slo.openslo.expand import expand
from slo.openslo.kinds import BurnPolicySpec, ComponentSpec, DataSourceSpec, ExclusionSpec, PrometheusSpec, ServiceSpec
from slo.openslo.load import Loaded, load
from slo.openslo.nodes import MAX_DEPTH, parse
from slo.openslo.promise import SLISpec, SLOSpec
from slo.openslo.schema import Spec
from tests.slo.documents import ALL, COMPONENT, EXCLUSION, LATENCY, POLICY, SCRAPE, SERVICE, SLI, SLO, SOURCE, write


class RunbookSpec(Spec):
    body: str
    severity: str = ""
    owner: str = ""


SPECS: dict[tuple[str, str], Any] = {
    ("openslo/v1", "Service"): ServiceSpec,
    ("openslo/v1", "DataSource"): DataSourceSpec,
    ("openslo/v1", "SLI"): SLISpec,
    ("openslo/v1", "SLO"): SLOSpec,
    ("brownout/v1", "Component"): ComponentSpec,
    ("brownout/v1", "BurnPolicy"): BurnPolicySpec,
    ("brownout/v1", "Exclusion"): ExclusionSpec,
    ("brownout/v1", "Runbook"): RunbookSpec,
}


def read(folder: Path, *documents: str, name: str = "catalog.yaml") -> Loaded:
    return expand(load([write(folder, *documents, name=name)], SPECS))


def sentences(folder: Path, *documents: str, name: str = "catalog.yaml") -> list[str]:
    """What is wrong, without the folder."""
    loaded = read(folder, *documents, name=name)
    return [str(error).removeprefix(f"{folder}{os.sep}") for error in loaded.errors]


def test_every_kind_is_read_with_its_place(tmp_path: Path) -> None:
    loaded = read(tmp_path, *ALL)
    assert loaded.errors == []
    assert [(d.kind, d.name) for d in loaded.documents] == [
        ("Service", "shop"),
        ("DataSource", "prom"),
        ("DataSource", "direct"),
        ("Component", "web"),
        ("BurnPolicy", "calm"),
        ("SLI", "errors"),
        ("SLO", "web-availability"),
        ("SLO", "web-latency"),
        ("Exclusion", "move"),
    ]
    service = loaded.documents[0]
    assert (service.title, service.line, service.lines["metadata.name"]) == ("The shop", 2, 4)


def test_durations_are_seconds_and_instants_utc(tmp_path: Path) -> None:
    policy, exclusion, source = (d.spec for d in read(tmp_path, POLICY, EXCLUSION, SOURCE).documents)
    assert (policy.windows[0].long, policy.timing["page"].pending, policy.timing["page"].keep_firing) == (3600, 0, 120)
    assert exclusion.end.isoformat() == "2026-03-01T13:00:00+00:00"
    assert isinstance(source.root, PrometheusSpec)
    assert source.root.connection_details.scrape_interval == 30


def test_an_indicator_by_reference_is_put_in_place(tmp_path: Path) -> None:
    slo = read(tmp_path, SLO, SLI).documents[0]
    assert slo.spec.indicator.spec.ratio_metric.source == "prom"


def test_an_slo_with_several_targets_becomes_several(tmp_path: Path) -> None:
    several = SLO.replace(
        "[{targetPercent: 99.9}]", "\n    - {displayName: Most Days!, target: 0.99}\n    - target: 0.999"
    )
    first, second = (d for d in read(tmp_path, SLI, several).documents if d.kind == "SLO")
    assert (first.name, first.title) == ("web-availability-most-days", "The web shop answers: Most Days!")
    assert (second.name, second.title) == ("web-availability-2", "The web shop answers 2")
    assert [d.spec.objectives[0].ratio for d in (first, second)] == [0.99, 0.999]
    assert second.error("", "spec.objectives.0").line == first.error("", "spec.objectives.0").line + 1


@pytest.mark.parametrize(("percent", "ratio"), [(99.9, 0.999), (99.95, 0.9995), (95, 0.95), (99.999, 0.99999)])
def test_a_percentage_is_the_ratio_to_the_last_bit(tmp_path: Path, percent: float, ratio: float) -> None:
    slo = read(tmp_path, SLI, SLO.replace("99.9", str(percent))).documents[1]
    assert slo.spec.objectives[0].ratio == ratio


@pytest.mark.parametrize(
    ("window", "period"),
    [
        ("{duration: 4w, isRolling: true}", Rolling(28 * 86_400)),
        ("{duration: 2h, isRolling: true}", Rolling(7_200)),
        ("{duration: 1d, calendar: {timeZone: UTC}}", Calendar("day")),
        ("{duration: 1w, isRolling: false, calendar: {startTime: 2024-01-08 00:00:00}}", Calendar("week")),
        ("{duration: 1M, calendar: {timeZone: Asia/Tokyo}}", Calendar("month", "Asia/Tokyo")),
        ("{duration: 1Q, calendar: {startTime: 2020-04-01 00:00:00, timeZone: UTC}}", Calendar("quarter")),
        ("{duration: 1Y, calendar: {timeZone: America/New_York}}", Calendar("year", "America/New_York")),
    ],
)
def test_time_windows(tmp_path: Path, window: str, period: Any) -> None:
    slo = read(tmp_path, SLI, SLO.replace("{duration: 30d, isRolling: true}", window)).documents[1]
    assert slo.spec.time_window[0].period() == period


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ("{duration: 30d}", "needs isRolling: true, or calendar with its timeZone"),
        ("{duration: 1M, isRolling: true}", "has no fixed length"),
        ("{duration: 30 days, isRolling: true}", "is no duration"),
        ("{duration: 30m, isRolling: true}", "longer than 1h and at most 366d"),
        ("{duration: 400d, isRolling: true}", "longer than 1h and at most 366d"),
        ("{duration: 2M, calendar: {timeZone: UTC}}", "a calendar window lasts 1d, 1w, 1M, 1Q, 1Y, not '2M'"),
        ("{duration: 1M, isRolling: true, calendar: {timeZone: UTC}}", "either rolling or aligned"),
        ("{duration: 1M, calendar: {timeZone: Mars/Olympus}}", "'Mars/Olympus' is no time zone"),
        ("{duration: 1M, calendar: {timeZone: ../../etc/passwd}}", "is no time zone"),
        ("{duration: 1M, calendar: {startTime: 2020-01-21 12:30:00}}", "a month starts with its first day at midnight"),
        ("{duration: 1M, calendar: {startTime: soon}}", "is no date with time"),
        ("{duration: 1M, calendar: {startTime: 0001-01-01 00:00:00}}", "is not supported yet"),
        ("{duration: 1d, isRolling: true}, {duration: 1w, isRolling: true}", "must have at most 1 entries"),
    ],
)
def test_time_windows_that_are_refused(tmp_path: Path, window: str, sentence: str) -> None:
    (told,) = sentences(tmp_path, SLI, SLO.replace("{duration: 30d, isRolling: true}", window))
    assert "catalog.yaml:21: spec.timeWindow" in told
    assert sentence in told


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("{target: 1}", "target: 1 leaves no error budget; promise less, such as 0.999"),
        ("{target: 1.0}", "target: 1 leaves no error budget; promise less, such as 0.999"),
        ("{targetPercent: 100}", "targetPercent: 100 leaves no error budget; promise less, such as 99.9"),
        ("{target: 0}", "target: must be above 0, not 0: otherwise it promises nothing"),
        ("{target: -0.5}", "target: must be above 0, not -0.5: otherwise it promises nothing"),
        ("{target: 99.9}", "target: must be below 1, not 99.9; for percent write targetPercent: 99.9"),
        ("{targetPercent: 1e300}", "targetPercent: must be below 100, not 1e+300"),
        ("{target: .nan}", "target: .nan is not a number one can count with"),
        ("{target: .inf}", "target: .inf is not a number one can count with"),
        ("{target: -1e999}", "target: -1e999 is not a number one can count with"),
        ("{target: '0.9'}", "target: must be a number, not the text '0.9'"),
        ("{target: true}", "target: must be a number, not true"),
        ("{target: [0.9]}", "target: must be a number, not a list"),
        ("{target: 0.9, targetPercent: 90}", "0: needs either target or targetPercent"),
        ("{displayName: Most}", "0: needs either target or targetPercent"),
        ("{target: 0.9, op: lt}", "op: a thresholdMetric is OpenSLO but not supported yet; use a ratioMetric"),
        ("{target: 0.9, timeSliceTarget: 0.9}", "timeSliceTarget: Timeslices is OpenSLO but not supported yet"),
        ("{target: 0.9, indicatorRef: x}", "indicatorRef: a composite objective is OpenSLO but not supported yet"),
        ("{target: 0.9, compositeWeight: 2}", "compositeWeight: a composite objective is OpenSLO but not"),
    ],
)
def test_targets_that_are_refused(tmp_path: Path, target: str, sentence: str) -> None:
    (told,) = sentences(tmp_path, SLI, SLO.replace("{targetPercent: 99.9}", target))
    assert f"catalog.yaml:23: spec.objectives.0.{sentence}".replace(".0.0:", ".0:") in told


@pytest.mark.parametrize(
    ("document", "old", "new", "sentence"),
    [
        (SLO, "Occurrences", "Timeslices", "13: spec.budgetingMethod: Timeslices is OpenSLO but not supported yet"),
        (SLO, "Occurrences", "Sometimes", "13: spec.budgetingMethod: must be Occurrences, not 'Sometimes'"),
        (SLO, "objectives:", "objectves:", "14: spec.objectves: is not a known field; did you mean objectives?"),
        (SLO, "service: shop", "service: 5", "10: spec.service: must be text, not the number 5"),
        (SLO, "indicatorRef: errors", "indicatorRef: erors", "11: spec.indicatorRef: there is no SLI named 'erors'"),
        (SLO, "  indicatorRef: errors\n", "", "8: spec: needs indicator or indicatorRef"),
        (SLO, "  budgeting", "  alertPolicies: [x]\n  budgeting", "13: spec.alertPolicies: an alert policy is OpenSLO"),
        (LATENCY, "threshold: 0.3", "threshold: 0", "threshold: must be above 0, not 0"),
        (LATENCY, "threshold: 0.3", "treshold: 0.3", "treshold: is not a known field; did you mean threshold?"),
        (LATENCY, ", threshold: 0.3", "", "spec.ratioMetric: good needs a threshold"),
        (LATENCY, "counter: true", "counter: false", "a histogram is made of counters; write counter: true"),
        (LATENCY, "counter: true", "counter: 'yes'", "counter: must be true or false, not the text 'yes'"),
        (LATENCY, "seconds{job", "seconds_bucket{job", "write the histogram's base name, seconds, without _bucket"),
        (LATENCY, "{job=", "{le=", "leave the label le out; the bucket is chosen by threshold"),
        (LATENCY, "'seconds{job=\"web\"}'}", "'rate(seconds[5m])'}", "does not name a histogram"),
        (LATENCY, "good:", "bad:", "so threshold belongs to good alone"),
        (SLI, "query: requests_total}", "query: 'sum(rate(requests_total[5m]))'}", "total must be a bare selector"),
        (SLI, "bad:", "worse:", "8: spec.ratioMetric.worse: is not a known field"),
        (SLI, "prom, spec", "other, spec", "must name the same DataSource"),
        (SLI, "metricSourceRef: prom, spec", "spec", "a connection written in place is not supported"),
        (SLI, "ratioMetric", "thresholdMetric", "6: spec.thresholdMetric: a thresholdMetric is OpenSLO but not"),
        (SLI, "counter", "rawType: success\n    counter", "a ratio computed elsewhere (raw) is OpenSLO but not"),
        (SOURCE, "Prometheus\n", "Datadog\n", "5: spec: type must be prometheus or scrape, not 'Datadog'"),
        (SOURCE, "  type: Prometheus\n", "", "5: spec: needs type"),
        (SOURCE, "url:", "urll:", "8: spec.connectionDetails.url: is required"),
        (SOURCE, "http://", "ftp://", "'ftp://prom.test:9090' is no address"),
        (SOURCE, "9090", "99999", "is no address"),
        (SOURCE, "30s", "30", "write a duration as text with its unit, such as 15s"),
        (SOURCE, "30s", "0s", "'0s' is a duration of zero"),
        (SOURCE, "X-Scope-OrgID: team", '"X Scope": team', "'X Scope' is no name of an HTTP header"),
        (SOURCE, "OrgID: team", 'OrgID: "a\\r\\nb"', "must be printable ASCII on one line"),
        (SCRAPE, '["http://shop.test/metrics"]', "[]", "connectionDetails.targets: must not be empty"),
        (COMPONENT, "tier: 1", "tier: 5", "5: spec.tier: must be at most 4, not 5"),
        (COMPONENT, "tier: 1", "tier: 1.5", "5: spec.tier: must be a whole number, not the number 1.5"),
        (COMPONENT, "0.4", "0.01", "warnRatio must not be above downRatio"),
        (
            POLICY,
            "severity: page",
            "severity: pager",
            "8: spec.windows.0.severity: must be page or ticket, not the text",
        ),
        (POLICY, "short: 5m", "short: 2h", "8: spec.windows.0: short must be shorter than long"),
        (POLICY, "{page: {", "{pgae: {", "10: spec.timing.pgae: must be page or ticket"),
        (EXCLUSION, "service: shop, ", "", "5: spec: needs either objective or service"),
        (EXCLUSION, "12:00:00Z", "14:00:00Z", "5: spec: end must be after start"),
        (EXCLUSION, "12:00:00Z", "12:00:00", "spec.start: has no time zone"),
        (EXCLUSION, "2026-03-01T12:00:00Z", "5", "spec.start: write an instant as 2026-03-01T12:00:00Z"),
        (SERVICE, "name: shop", "name: Shop!", "4: metadata.name: 'Shop!' is no name; write lower-case letters"),
        (SERVICE, "name: shop", "name: 漫画", "4: metadata.name: '漫画' is no name"),
        (SERVICE, "name: shop", f"name: {'x' * 101}", "at most 100 characters"),
        (SERVICE, "name: shop, ", "", "4: metadata.name: is required"),
        (SERVICE, "displayName", "displaName", "metadata.displaName: is not a known field; did you mean displayName?"),
        (SERVICE, "displayName", "display_name", "is not a known field; did you mean displayName?"),
        (
            SERVICE,
            "annotations: {brownout/owner: team-shop}",
            "labels: {a: 1}",
            "the value of a must be text or a list",
        ),
        (SERVICE, "spec: {description: Sells comics.}", "spec: 5", "5: spec: must be a mapping, not the number 5"),
        (SERVICE, "spec: {description: Sells comics.}", "", "2: spec: is required"),
        (SERVICE, "spec:", "spce:", "5: spce: is not a known field; did you mean spec?"),
        (
            SERVICE,
            "kind: Service",
            "kind: Servise",
            "3: kind: 'Servise' is no kind of openslo/v1; there are DataSource",
        ),
        (SERVICE, "kind: Service", "kind: AlertPolicy", "AlertPolicy is OpenSLO but not supported; write a BurnPolicy"),
        (SERVICE, "kind: Service", "kind: [Service]", "3: kind: must be text, not a list"),
        (SERVICE, "kind: Service\n", "", "2: kind: is required"),
        (SERVICE, "openslo/v1", "openslo/v1alpha", "2: apiVersion: Service is of openslo/v1, not 'openslo/v1alpha'"),
        (SERVICE, "openslo/v1", "brownout/v1", "2: apiVersion: Service is of openslo/v1, not 'brownout/v1'"),
    ],
)
def test_what_is_refused_is_told_with_its_place(
    tmp_path: Path, document: str, old: str, new: str, sentence: str
) -> None:
    assert old in document
    told = sentences(tmp_path, document.replace(old, new))
    assert any(sentence in line for line in told), told
    assert all(line.startswith("catalog.yaml:") for line in told)


def test_empty_lists_of_what_is_not_supported_do_no_harm(tmp_path: Path) -> None:
    assert sentences(tmp_path, SLI, SLO.replace("  budgeting", "  alertPolicies: []\n  budgeting")) == []


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


def test_a_name_declared_twice_is_told_with_both_places(tmp_path: Path) -> None:
    first = write(tmp_path, SERVICE, name="a.yaml")
    second = write(tmp_path, COMPONENT, SERVICE, name="b.yaml")
    (error,) = expand(load([tmp_path], SPECS)).errors
    assert str(error) == f"{second}:9: metadata.name: the Service 'shop' is declared twice; first at {first}:2"


def test_targets_of_one_name_collide_with_other_slos(tmp_path: Path) -> None:
    several = SLO.replace("{targetPercent: 99.9}", "{target: 0.9}, {target: 0.99}")
    (told,) = sentences(tmp_path, SLI, several, SLO.replace("web-availability", "web-availability-2"))
    assert "the SLO 'web-availability-2' is declared twice" in told


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


QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
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
    import yaml

    document = yaml.safe_load(SLO)
    document["spec"][spot] = value
    path = tmp_path / "any.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    loaded = expand(load([path], SPECS))
    assert all(error.file and error.message for error in loaded.errors)
