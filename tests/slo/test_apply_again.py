"""Applying once more: what changed is measured anew, what is gone is pruned, what is exported is the same."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from slo.models import BurnPolicy, Exclusion, Objective, Service, Source, Watermark
from slo.services import edits
from slo.services.catalog import definition, export_documents
from slo.services.catalog.promises import SLOs
from tests import factories
from tests.factories import NOW
from tests.slo.documents import ALL, COMPONENT, LATENCY, POLICY, SCRAPE, SERVICE, SOURCE
from tests.slo.reading import apply, everything, refused, told

pytestmark = pytest.mark.django_db


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


def test_what_was_made_on_a_page_outlives_a_prune_until_it_is_deleted_there(tmp_path: Path) -> None:
    [name] = re.findall(r"name: ([\w-]+)", POLICY)[:1]
    edits.save("BurnPolicy", POLICY, NOW, name="", seen="", actor="ada")
    apply(tmp_path, SERVICE, prune=True)
    assert BurnPolicy.objects.filter(name=name).exists()
    edits.delete("BurnPolicy", name, NOW, actor="ada")
    apply(tmp_path, SERVICE, POLICY)
    apply(tmp_path, SERVICE, prune=True)
    assert not BurnPolicy.objects.filter(name=name).exists()
