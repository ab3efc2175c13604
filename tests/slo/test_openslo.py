"""Documents are read whole and strictly: whatever is wrong is told in a sentence, with its line and field."""

from pathlib import Path
from typing import Any

import pytest

from slo.maths.windows import Calendar, Rolling
from slo.openslo.expand import expand
from slo.openslo.kinds import PrometheusSpec
from slo.openslo.load import load
from tests.slo.documents import ALL, COMPONENT, EXCLUSION, LATENCY, POLICY, SCRAPE, SERVICE, SLI, SLO, SOURCE
from tests.slo.reading import SPECS, read, sentences, write


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
        ("{target: 0.9, op: below}", "op: must be lt, lte, gt or gte, not the text 'below'"),
        ("{target: 0.9, op: lt, value: .nan}", "value: .nan is not a number one can count with"),
        ("{target: 0.9, timeSliceTarget: 1.5}", "timeSliceTarget: must be at most 1, not 1.5"),
        ("{target: 0.9, timeSliceWindow: 60}", "timeSliceWindow: write a duration as text with its unit"),
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
        (SLO, "Occurrences", "Timeslices", "spec: timeSliceTarget belongs to objectives of Timeslices, and"),
        (SLO, "Occurrences", "RatioTimeslices", "spec: timeSliceWindow belongs to objectives of Timeslices and Ratio"),
        (SLO, "Occurrences", "Sometimes", "must be Occurrences, Timeslices or RatioTimeslices, not 'Sometimes'"),
        (SLO, "99.9}", "99.9, timeSliceTarget: 0.9}", "spec: timeSliceTarget belongs to objectives of Timeslices, and"),
        (SLO, "99.9}", "99.9, timeSliceWindow: 1m}", "spec: timeSliceWindow belongs to objectives of Timeslices and"),
        (SLO, "objectives:", "objectves:", "14: spec.objectves: is not a known field; did you mean objectives?"),
        (SLO, "service: shop", "service: 5", "10: spec.service: must be text, not the number 5"),
        (SLO, "indicatorRef: errors", "indicatorRef: erors", "11: spec.indicatorRef: there is no SLI named 'erors'"),
        (SLO, "  indicatorRef: errors\n", "", "8: spec: needs indicator or indicatorRef"),
        (SLO, "  budgeting", "  alertPolicies: [5]\n  budgeting", "13: spec.alertPolicies.0: must be a mapping"),
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
        (SLI, "ratioMetric", "thresholdMetric", "7: spec.thresholdMetric.counter: is not a known field"),
        (SLI, "counter", "rawType: success\n    counter", "spec.ratioMetric.raw: is required"),
        (
            SOURCE,
            "Prometheus\n",
            "Datadog\n",
            "5: spec: type must be prometheus or scrape or probe or events, not 'Datadog'",
        ),
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
        (POLICY, "bad: 3", "bad: -1", "11: spec.minimum.bad: must be at least 0, not -1"),
        (POLICY, "bad: 3", "bad: .nan", "11: spec.minimum.bad"),
        (POLICY, "bad: 3", "worst: 3", "11: spec.minimum.worst: is not a known field"),
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


def test_a_name_declared_twice_is_told_with_both_places(tmp_path: Path) -> None:
    first = write(tmp_path, SERVICE, name="a.yaml")
    second = write(tmp_path, COMPONENT, SERVICE, name="b.yaml")
    (error,) = expand(load([tmp_path], SPECS)).errors
    assert str(error) == f"{second}:9: metadata.name: the Service 'shop' is declared twice; first at {first}:2"


def test_targets_of_one_name_collide_with_other_slos(tmp_path: Path) -> None:
    several = SLO.replace("{targetPercent: 99.9}", "{target: 0.9}, {target: 0.99}")
    (told,) = sentences(tmp_path, SLI, several, SLO.replace("web-availability", "web-availability-2"))
    assert "the SLO 'web-availability-2' is declared twice" in told
