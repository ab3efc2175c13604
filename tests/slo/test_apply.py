"""Applying documents makes the catalog what they say: all or nothing, again and again, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slo.errors import CatalogError
from slo.models import BurnPolicy, Component, Exclusion, Objective, Service, Source, Watermark
from slo.services.catalog import Change, apply_documents, definition, export_documents
from slo.services.catalog.promises import SLOs
from slo.sources.registry import build
from tests import factories
from tests.factories import NOW
from tests.slo.documents import (
    ALL,
    COMPONENT,
    EXCLUSION,
    LATENCY,
    POLICY,
    SCRAPE,
    SERVICE,
    SLI,
    SLO,
    SOURCE,
    write,
)

pytestmark = pytest.mark.django_db


def apply(folder: Path, *documents: str, dry_run: bool = False, prune: bool = False) -> list[Change]:
    return apply_documents([write(folder, *documents)], NOW, dry_run=dry_run, prune=prune)


def told(changes: list[Change]) -> list[str]:
    """The changes as `manage.py apply` shows them, without what is unchanged."""
    lines = []
    for change in changes:
        if change.action != "unchanged":
            lines.append(f"{change.action} {change.kind} {change.name}")
            lines += [f"  {difference}" for difference in change.differences]
    return lines


def refused(folder: Path, *documents: str, prune: bool = False) -> list[str]:
    """The sentences of an apply that fails, without the folder; it must have changed nothing."""
    before = everything()
    with pytest.raises(CatalogError) as caught:
        apply(folder, *documents, prune=prune)
    assert everything() == before
    return [str(error).replace(f"{folder}/", "") for error in caught.value.errors]


def everything() -> dict[str, str]:
    """Every row of every package, as text."""
    labels = ("slo", "alerts", "degradation")
    return {
        model._meta.label: serializers.serialize("json", model._default_manager.order_by("pk"))
        for label in labels
        for model in apps.get_app_config(label).get_models()
    }


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
        (SLO, "owner: team", "ownr: team", "brownout/ownr: is no annotation of a SLO; did you mean brownout/owner?"),
        (SLO, "{brownout/component", "{brownout/runbook: x, brownout/component", "there is no Runbook named 'x'"),
        (
            SLO,
            "{brownout/component",
            "{brownout/indicator: speed, brownout/component",
            "must be availability or latency",
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


class TestCursors:
    """What a source remembers belongs to the counters it counted."""

    @pytest.fixture(autouse=True)
    def _measured(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        for objective in Objective.objects.all():
            factories.ledger(objective, seconds=300)
        Watermark.objects.update(cursor={"until": 5}, version=3)

    def marks(self) -> dict[str, tuple[object, int]]:
        rows = Watermark.objects.order_by("objective__name")
        return {mark.objective.name: (mark.cursor, mark.version) for mark in rows}

    KEPT: tuple[object, int] = ({"until": 5}, 3)
    RESET: tuple[object, int] = ({}, 4)

    def test_a_changed_sli_starts_anew_and_history_stays(self, tmp_path: Path) -> None:
        before = list(factories.sums(Objective.objects.get(name="web-latency")))
        apply(tmp_path, LATENCY.replace("0.3}", "0.5}"))
        assert self.marks() == {"web-availability": self.KEPT, "web-latency": self.RESET}
        assert list(factories.sums(Objective.objects.get(name="web-latency"))) == before

    def test_another_source_starts_anew(self, tmp_path: Path) -> None:
        apply(tmp_path, LATENCY.replace("Ref: prom", "Ref: direct"))
        assert self.marks() == {"web-availability": self.KEPT, "web-latency": self.RESET}

    def test_a_source_at_another_address_starts_all_its_objectives_anew(self, tmp_path: Path) -> None:
        apply(tmp_path, SOURCE.replace("9090", "9091"))
        assert self.marks() == {"web-availability": self.RESET, "web-latency": self.RESET}

    def test_more_targets_of_a_scrape_go_on_counting(self, tmp_path: Path) -> None:
        apply(tmp_path, LATENCY.replace("Ref: prom", "Ref: direct"))
        apply(tmp_path, SCRAPE.replace('["', '["http://other.test/metrics", "'))
        assert self.marks()["web-latency"] == self.RESET

    @pytest.mark.parametrize(
        ("old", "new"), [("0.95", "0.96"), ("Europe/Berlin", "UTC"), ("{name: web", "{displayName: X, name: web")]
    )
    def test_other_changes_go_on_counting(self, tmp_path: Path, old: str, new: str) -> None:
        assert told(apply(tmp_path, LATENCY.replace(old, new)))
        assert self.marks()["web-latency"] == self.KEPT

    def test_patience_with_a_source_goes_on_counting(self, tmp_path: Path) -> None:
        apply(tmp_path, SOURCE.replace("scrapeInterval: 30s", "scrapeInterval: 30s, timeout: 3s"))
        assert self.marks() == {"web-availability": self.KEPT, "web-latency": self.KEPT}


class TestPrune:
    """Pruning removes what no document declares."""

    def test_it_removes_what_is_gone_with_its_history(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        factories.ledger(Objective.objects.get(name="web-latency"), seconds=300)
        changes = apply(tmp_path, *(item for item in ALL if item != LATENCY), prune=True)
        assert told(changes) == ["pruned SLO web-latency"]
        assert list(Objective.objects.values_list("name", flat=True)) == ["web-availability"]

    def test_without_it_everything_stays(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        before = everything()
        apply(tmp_path, SERVICE)
        assert everything() == before

    @pytest.mark.parametrize(
        ("missing", "sentence"),
        [
            (
                SOURCE,
                "spec.indicatorRef: the DataSource 'prom' is in none of these documents, so pruning would remove it",
            ),
            (SERVICE, "spec.service: the Service 'shop' is in none of these documents, so pruning would remove it"),
            (COMPONENT, "brownout/component: the Component 'web' is in none of these documents"),
            (POLICY, "brownout/burn-policy: the BurnPolicy 'calm' is in none of these documents"),
        ],
    )
    def test_what_a_staying_document_refers_to_is_not_removed(
        self, tmp_path: Path, missing: str, sentence: str
    ) -> None:
        apply(tmp_path, *ALL)
        assert any(sentence in line for line in refused(tmp_path, *(x for x in ALL if x != missing), prune=True))

    def test_what_was_made_by_hand_is_no_business_of_documents(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        shop = Service.objects.get()
        Exclusion.objects.create(service=shop, start=NOW, end=NOW + timedelta(hours=1), reason="x", created_at=NOW)
        assert told(apply(tmp_path, *ALL, prune=True)) == []
        assert "reason: x" not in export_documents()

    def test_what_something_else_protects_is_refused_by_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        apply(tmp_path, SERVICE)
        factories.objective("by-hand", source=factories.source("old"), service=Service.objects.get())
        monkeypatch.setattr(SLOs, "rows", lambda _: Objective.objects.none())
        (line,) = refused(tmp_path, SERVICE, prune=True)
        assert line.startswith("the DataSource 'old' cannot be pruned: objective by-hand uses it and stays")

    def test_nothing_to_apply_is_no_reason_to_remove_everything(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        assert refused(tmp_path, "# nothing", prune=True) == [
            "catalog.yaml: holds no document; write one or remove the file"
        ]


class TestExport:
    """What is exported, applied again, is the identity."""

    def test_it_is_the_identity(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        before, text = everything(), export_documents()
        assert {change.action for change in apply(tmp_path, text, prune=True)} == {"unchanged"}
        assert everything() == before
        assert export_documents() == text

    def test_an_empty_catalog_becomes_the_same_again(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        text = export_documents()
        for model in (Exclusion, Objective, BurnPolicy, Source, Service):
            model.objects.all().delete()
        apply(tmp_path, text)
        assert export_documents() == text

    def test_odd_periods_and_queries_come_back(self, tmp_path: Path) -> None:
        odd = LATENCY.replace(
            "histogram: 'seconds{job=\"web\"}', threshold: 0.3", "query: 'seconds_bucket{le=\"0.3\"}'"
        )
        odd = odd.replace("{duration: 1M", "{duration: 90m, isRolling: true}]\n  ignored: [{x: 1")
        odd = odd[: odd.index("  ignored")] + odd[odd.index("  budgeting") :]
        fast = POLICY.replace("    - {severity: ticket, long: 1d, short: 2h, factor: 2.5}\n", "")
        noted = odd.replace(
            "{name: web-latency}", "{name: odd, annotations: {brownout/indicator: latency, brownout/burn-policy: calm}}"
        )
        apply(tmp_path, SERVICE, SOURCE, fast, noted)
        text = export_documents()
        assert "duration: 90m" in text
        assert {change.action for change in apply(tmp_path, text, prune=True)} == {"unchanged"}

    def test_one_objective_is_shown_as_its_definition(self, tmp_path: Path) -> None:
        apply(tmp_path, *ALL)
        text = definition(Objective.objects.get(name="web-latency"))
        assert text.startswith("apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: web-latency\n")
        assert 'histogram: seconds{job="web"}\n              threshold: 0.3\n' in text
        assert "X-Scope-OrgID" not in text

    def test_every_objective_has_a_definition_even_one_made_by_hand(self) -> None:
        assert "query: http_requests_total\n" in definition(factories.objective())
