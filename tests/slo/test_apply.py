"""Applying documents makes the catalog what they say: all or nothing, again and again, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.models import BurnPolicy, Component, Exclusion, Objective, Service, Source
from slo.sources.registry import build
from tests.factories import NOW
from tests.slo.documents import ALL, COMPONENT, EXCLUSION, LATENCY, POLICY, SCRAPE, SERVICE, SLI, SLO, SOURCE
from tests.slo.reading import apply, everything, refused, told

pytestmark = pytest.mark.django_db


def test_documents_become_rows(tmp_path: Path) -> None:
    assert {change.action for change in apply(tmp_path, *ALL)} == {"created"}
    service, web = Service.objects.get(), Component.objects.get()
    assert (service.name, service.title, service.owner) == ("shop", "The shop", "team-shop")
    assert (web.service, web.tier, web.owner, web.warn_ratio, web.down_ratio) == (service, 1, "team-web", 0.05, 0.4)
    prom, direct = Source.objects.get(name="prom"), Source.objects.get(name="direct")
    assert prom.spec == {
        "url": "http://prom.test:9090",
        "scrape_interval": 30,
        "timeout": 10,
        "headers": {"X-Scope-OrgID": "team"},
    }
    assert direct.spec == {"targets": ["http://shop.test/metrics"], "timeout": 2}
    policy = BurnPolicy.objects.get()
    assert policy.windows[1] == {"severity": "ticket", "long": 86_400, "short": 7_200, "factor": 2.5}
    assert policy.timing == {"page": {"pending": 0, "keep_firing": 120}}
    exclusion = Exclusion.objects.get()
    assert (exclusion.service, exclusion.start, exclusion.end - exclusion.start, exclusion.created_at) == (
        service,
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        timedelta(hours=1),
        NOW,
    )


def test_an_slo_becomes_an_objective(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    web = Objective.objects.get(name="web-availability")
    assert (web.title, web.owner, web.target, web.period) == (
        "The web shop answers",
        "team-web",
        0.999,
        {"rolling": 2_592_000},
    )
    assert web.sli == {"bad": 'requests_total{code=~"5.."}', "total": "requests_total", "counter": True}
    assert (web.component, web.burn_policy, web.source.name, web.indicator) == (
        Component.objects.get(),
        BurnPolicy.objects.get(),
        "prom",
        "availability",
    )
    latency = Objective.objects.get(name="web-latency")
    assert latency.sli == {
        "good": 'seconds_bucket{job="web",le=~"0[.]30*"}',
        "total": 'seconds_count{job="web"}',
        "counter": True,
        "histogram": 'seconds{job="web"}',
        "threshold": 0.3,
    }
    assert (latency.period, latency.indicator) == ({"calendar": "month", "zone": "Europe/Berlin"}, "latency")


def test_what_is_stored_of_a_source_connects_its_adapter(tmp_path: Path) -> None:
    apply(tmp_path, SOURCE, SCRAPE)
    for source in Source.objects.all():
        assert build(source.kind, source.spec)


def test_the_order_of_documents_does_not_matter(tmp_path: Path) -> None:
    assert len(apply(tmp_path, *reversed(ALL))) == 8


def test_a_second_apply_finds_everything_unchanged_and_writes_nothing(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        changes = apply(tmp_path, *ALL, prune=True)
    assert {change.action for change in changes} == {"unchanged"}
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


def test_a_dry_run_tells_the_difference_and_changes_nothing(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    before = everything()
    other = (
        SERVICE.replace("Sells comics.", "Sells manga."),
        SOURCE.replace("team}", "crew}"),
        POLICY,
        SLI,
        SLO,
        COMPONENT,
    )
    more = LATENCY.replace("web-latency", "web-speed").replace("0.3}", "0.5}")
    expected = [
        "changed DataSource prom",
        "  spec.headers.X-Scope-OrgID: ••• → •••",
        "changed Service shop",
        "  description: Sells comics. → Sells manga.",
        "created SLO web-speed",
        "pruned Exclusion move",
        "pruned SLO web-latency",
        "pruned DataSource direct",
    ]
    assert told(apply(tmp_path, *other, more, dry_run=True, prune=True)) == expected
    assert everything() == before
    assert told(apply(tmp_path, *other, more, prune=True)) == expected
    assert everything() != before


def test_changes_are_told_field_by_field(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    other = LATENCY.replace("0.3}", "0.5}").replace("0.95", "0.97")
    assert told(apply(tmp_path, other, SLI, SLO.replace("brownout/burn-policy: calm, ", ""))) == [
        "changed SLO web-latency",
        "  target: 0.95 → 0.97",
        '  sli.good: seconds_bucket{job="web",le=~"0[.]30*"} → seconds_bucket{job="web",le=~"0[.]50*"}',
        "  sli.threshold: 0.3 → 0.5",
        "changed SLO web-availability",
        "  burn_policy: calm → nothing",
    ]


def test_one_mistake_stops_everything_and_all_mistakes_are_told(tmp_path: Path) -> None:
    wrong = LATENCY.replace("service: shop", "service: shpo").replace("prom,", "prm,")
    assert refused(tmp_path, SERVICE, SOURCE, COMPONENT.replace("tier: 1", "tier: 7"), wrong) == [
        "catalog.yaml:18: spec.tier: must be at most 4, not 7",
        "catalog.yaml:24: spec.service: there is no Service named 'shpo'; did you mean shop?",
        (
            "catalog.yaml:30: spec.indicator.spec.ratioMetric.good.metricSource.metricSourceRef: "
            "there is no DataSource named 'prm'; did you mean prom?"
        ),
    ]


def test_a_document_at_fault_is_not_told_again_for_each_reference(tmp_path: Path) -> None:
    broken = (SERVICE.replace("Sells comics.", "x, y: 1"), SOURCE.replace("http:", "ftp:"), POLICY, COMPONENT, SLI, SLO)
    assert len(refused(tmp_path, *broken, EXCLUSION)) == 2


def test_missing_references_are_not_told_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    (told_once,) = refused(tmp_path, COMPONENT, "x: [")
    assert "not valid YAML" in told_once


@pytest.mark.parametrize(
    ("document", "old", "new", "sentence"),
    [
        (
            SLO,
            "component: web",
            "component: wep",
            "brownout/component: there is no Component named 'wep'; did you mean web",
        ),
        (SLO, "policy: calm", "policy: clam", "brownout/burn-policy: there is no BurnPolicy named 'clam'"),
        (
            SLO,
            "owner: team",
            "ownr: team",
            "brownout/ownr: is no annotation of the kind SLO; did you mean brownout/owner?",
        ),
        (SLO, "{brownout/component", "{brownout/runbook: x, brownout/component", "there is no Runbook named 'x'"),
        (
            SLO,
            "{brownout/component",
            "{brownout/indicator: speed, brownout/component",
            "must be availability or latency or coverage",
        ),
        (
            SLO,
            "{brownout/component",
            "{brownout/indicator: coverage, brownout/component",
            "the coverage of a fallback says nothing of whether a component is up",
        ),
        (
            SLI,
            "type: Prometheus",
            "type: Datadog",
            "spec.indicatorRef: its type is 'Datadog', but the DataSource 'prom' is of",
        ),
        (COMPONENT, "service: shop", "service: shopp", "there is no Service named 'shopp'; did you mean shop?"),
        (
            POLICY,
            "{name: calm}",
            "{name: calm, displayName: x}",
            "a BurnPolicy has no displayName; say it in spec.desc",
        ),
        (EXCLUSION, "service: shop", "objective: nothing", "there is no SLO named 'nothing'"),
        (SLO, "30d", "1d", "the long window must be shorter than the period, 1d"),
        (SLO, "99.9", "85", "can never fire at a target of 85 %"),
        (LATENCY, "0.95", "0.9", "give the SLO a BurnPolicy with lower factors by the annotation brownout/burn-policy"),
        (SERVICE, "team-shop", "x" * 201, "spec.owner: Ensure this value has at most 200 characters"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, document: str, old: str, new: str, sentence: str
) -> None:
    assert old in document
    (line,) = refused(tmp_path, *(item.replace(old, new) if item == document else item for item in ALL))
    assert sentence in line


def test_a_component_is_not_named_like_a_word_of_expressions(tmp_path: Path) -> None:
    (line,) = refused(tmp_path, SERVICE, COMPONENT.replace("name: web", "name: any"))
    assert "metadata.name: any is a word of structure expressions; choose another" in line


def test_annotations_of_other_tools_and_labels_are_accepted(tmp_path: Path) -> None:
    labelled = SERVICE.replace("brownout/owner: team-shop", "other.tool/x: y").replace(
        "name:", "labels: {a: [b]}, name:"
    )
    assert told(apply(tmp_path, labelled)) == ["created Service shop"]


def test_a_scrape_source_takes_only_what_it_can_read(tmp_path: Path) -> None:
    direct = SLI.replace("prom", "direct").replace("type: Prometheus, ", "")
    queries = direct.replace("counter: true", "counter: false")
    others = (SERVICE, SCRAPE, COMPONENT, POLICY, SLO)
    (line,) = refused(tmp_path, queries, *others)
    assert "spec.indicatorRef: a scrape source counts bare selectors of counters; write counter: true" in line
    (line,) = refused(tmp_path, direct.replace("query: requests_total}", "query: '{a=\"b\"}'}"), *others)
    assert "a scrape source cannot read its total events" in line
    assert apply(tmp_path, direct, *others)


def test_a_source_that_changes_must_still_serve_the_objectives_that_stay(tmp_path: Path) -> None:
    queries = SLI.replace("counter: true", "counter: false")
    apply(tmp_path, SERVICE, SOURCE, COMPONENT, POLICY, queries, SLO)
    (line,) = refused(tmp_path, SCRAPE.replace("direct", "prom"))
    assert "spec.type: the objective 'web-availability' uses it, but a scrape source counts bare selectors" in line


def test_a_burn_policy_that_changes_must_still_fit_the_objectives_that_stay(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    hotter = POLICY.replace("factor: 10", "factor: 1000")
    (line,) = refused(tmp_path, hotter)
    assert line.startswith("catalog.yaml:7: spec.windows: the objective 'web-availability' uses it: page 1000×")
    assert apply(tmp_path, hotter, SLI, SLO.replace("99.9", "99.99"))
