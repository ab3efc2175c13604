"""Exclusions: once or again and again, planned or after the fact, with a reason, and every act kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from slo import selectors, selectors_noted
from slo.errors import DeclaredError, DefinitionError, NotFoundError
from slo.maths.windows import to_epoch
from slo.models import Exclusion, ExclusionChange
from slo.services.access import issue_token
from slo.services.catalog import export_documents
from slo.services.exclusions import exclude, include
from tests.factories import NOW, ledger, objective, service
from tests.slo.documents import EXCLUSION, SERVICE
from tests.slo.reading import apply, everything, told

pytestmark = pytest.mark.django_db

DAY, HOUR = 86_400, 3_600
# Every night from two to three o'clock, for long.
NIGHTLY = {"start": "2026-01-01T02:00:00Z", "duration": "1h", "rule": "FREQ=DAILY", "reason": "backup"}


def night(left: int) -> bool:
    """Does the step that ends so many seconds before NOW lie in the hour from two to three?"""
    return 2 * HOUR < (to_epoch(NOW) - left) % DAY <= 3 * HOUR


class TestFigures:
    def test_every_occurrence_is_taken_out_of_every_window(self) -> None:
        item = objective(days=7)
        ledger(item, seconds=8 * DAY, step=300, bad=lambda left: 50 if night(left) else 0)
        assert selectors.status(item.name, NOW).period.bad == 7 * 12 * 50
        exclude({"objective": item.name, **NIGHTLY}, NOW)
        status = selectors.status(item.name, NOW)
        assert (status.period.bad, status.period.elapsed, status.period.completeness) == (0, 7 * 23 * HOUR, 1)
        assert status.windows[DAY].bad == 0
        assert status.windows[HOUR].total == 12 * 100

    def test_charts_and_status_agree(self) -> None:
        item = objective(days=7)
        ledger(item, seconds=8 * DAY, step=300, bad=lambda left: 50 if left % 7_200 < 600 else 0)
        exclude({"service": item.service.name, **NIGHTLY}, NOW)
        now = to_epoch(NOW)
        status = selectors.status(item.name, NOW)
        assert selectors.rolling(item, [now], 7 * DAY) == [status.period]
        assert (
            sum(w.bad or 0 for w in selectors.between(item, range(now - 7 * DAY, now + 1, 7_200))) == status.period.bad
        )

    def test_the_figures_with_and_without_are_both_told(self) -> None:
        item = objective(days=7, target=0.99)
        ledger(item, seconds=7 * DAY, step=300, bad=lambda left: 50 if night(left) else 0)
        before = selectors.status(item.name, NOW).as_json()
        assert before["without_exclusions"] is None
        exclude({"objective": item.name, **NIGHTLY}, NOW)
        after = selectors.status(item.name, NOW).as_json()
        assert after["without_exclusions"] == {
            "sli": before["sli"],
            "budget": before["budget"],
            "excluded_seconds": 7 * HOUR,
        }
        assert (after["sli"]["ratio"], after["budget"]["remaining"]) == (1, 1)  # type: ignore[index]

    def test_one_that_is_planned_changes_nothing_yet(self) -> None:
        item = objective(days=7)
        ledger(item, seconds=7 * DAY, step=300)
        before = selectors.status(item.name, NOW)
        exclude({"objective": item.name, "start": "2026-04-01T00:00Z", "duration": "2h", "reason": "move"}, NOW)
        after = selectors.status(item.name, NOW)
        assert (after.period, after.windows, after.without_exclusions) == (before.period, before.windows, None)

    def test_own_and_shared_exclusions_that_overlap_count_once(self) -> None:
        item, other = objective(days=7), None
        other = objective(days=7, service=item.service, source=item.source)
        for each in (item, other):
            ledger(each, seconds=7 * DAY, step=300)
        exclude({"service": item.service.name, **NIGHTLY}, NOW)
        exclude({"objective": item.name, **NIGHTLY, "start": "2026-01-01T02:30:00Z"}, NOW)
        assert selectors.status(item.name, NOW).period.elapsed == 7 * DAY - 7 * 1.5 * HOUR
        assert selectors.status(other.name, NOW).period.elapsed == 7 * DAY - 7 * HOUR

    def test_many_objectives_take_no_more_queries_than_one(
        self, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        owner = service()
        for _ in range(20):
            ledger(objective(service=owner, days=7), seconds=7 * DAY, step=3_600)
        exclude({"service": owner.name, **NIGHTLY}, NOW)
        with django_assert_max_num_queries(7):
            assert len(selectors.statuses(NOW)) == 20


class TestActs:
    def test_each_act_is_kept_with_who_and_when(self) -> None:
        item, user = objective("checkout"), User.objects.create_user("kim")
        made = exclude({"objective": "checkout", **NIGHTLY}, NOW, user=user)
        include(made.pk, NOW + timedelta(hours=1), reason="backups moved", by="robot")
        assert not Exclusion.objects.exists()
        deleted, created = selectors_noted.exclusion_changes(made.pk)
        assert (created.action, created.actor, created.at, created.state["rule"]) == (
            "created",
            user,
            NOW,
            "FREQ=DAILY",
        )
        assert (deleted.action, deleted.by, deleted.reason) == ("deleted", "robot", "backups moved")
        item.delete()
        assert ExclusionChange.objects.count() == 2

    def test_asking_twice_makes_one(self) -> None:
        objective("checkout")
        assert exclude({"objective": "checkout", **NIGHTLY}, NOW) == exclude({"objective": "checkout", **NIGHTLY}, NOW)
        assert (Exclusion.objects.count(), ExclusionChange.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"reason": "  "}, "reason: say why"),
            ({"rule": "FREQ=SECONDLY"}, "FREQ must be DAILY"),
            ({"rule": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "never happens"),
            ({"time_zone": "Mars/Olympus"}, "no time zone"),
            ({"time_zone": "../../etc/passwd"}, "no time zone"),
            ({"start": "soon"}, "start: write an instant"),
            ({"start": "2026-01-01T02:00:00"}, "start: has no time zone"),
            ({"end": "2026-01-01T03:00:00Z"}, "either end or duration"),
            ({"duration": None, "end": "2025-12-31T00:00:00Z"}, "end must be after start"),
            ({"duration": "-1h"}, "duration: '-1h' is no duration"),
            ({"duration": "300d"}, "at most 31d"),
            ({"service": "shop"}, "either objective or service"),
        ],
    )
    def test_what_makes_no_sense_is_refused_whole(self, change: dict[str, Any], message: str) -> None:
        objective("checkout")
        with pytest.raises(DefinitionError, match=message):
            exclude({"objective": "checkout", **NIGHTLY, **change}, NOW)
        assert not Exclusion.objects.exists()

    def test_an_unknown_name_is_said(self) -> None:
        with pytest.raises(NotFoundError, match="no objective named 'nothing'"):
            exclude({"objective": "nothing", **NIGHTLY}, NOW)

    def test_what_a_document_declares_is_removed_there(self, tmp_path: Path) -> None:
        apply(tmp_path, SERVICE, EXCLUSION)
        with pytest.raises(DeclaredError, match="remove it there"):
            include(Exclusion.objects.get().pk, NOW, reason="no")


class TestDocuments:
    RULE = EXCLUSION.replace(
        'end: "2026-03-01T15:00:00+02:00"', "duration: 1h, rule: FREQ=MONTHLY;BYDAY=1SU, timeZone: Europe/Berlin"
    )

    def test_a_rule_is_applied_and_exported_the_same(self, tmp_path: Path) -> None:
        apply(tmp_path, SERVICE, self.RULE)
        row = Exclusion.objects.get()
        assert (row.rule, row.zone, row.end - row.start) == (
            "FREQ=MONTHLY;BYDAY=1SU",
            "Europe/Berlin",
            timedelta(hours=1),
        )
        before = everything()
        assert told(apply(tmp_path, export_documents())) == told(apply(tmp_path, SERVICE, self.RULE))
        assert everything() == before

    def test_changes_and_prunes_are_kept(self, tmp_path: Path) -> None:
        apply(tmp_path, SERVICE, self.RULE)
        apply(tmp_path, SERVICE, self.RULE.replace("The database moved.", "Moves."))
        apply(tmp_path, SERVICE, prune=True)
        changes = ExclusionChange.objects.order_by("pk")
        assert [(c.action, c.by, c.state["reason"]) for c in changes] == [
            ("created", "the document move", "The database moved."),
            ("changed", "the document move", "Moves."),
            ("deleted", "the document move", "Moves."),
        ]


class TestApi:
    @pytest.fixture
    def operator(self) -> dict[str, Any]:
        return {"X-API-Key": issue_token("robot", "operator", NOW)}

    def post(self, client: Client, headers: dict[str, Any], **body: Any) -> Any:
        return client.post("/api/v1/exclusions", body, content_type="application/json", headers=headers)

    def test_a_program_excludes_lists_and_removes(self, client: Client, operator: dict[str, Any]) -> None:
        item = objective("checkout")
        answer = self.post(client, operator, objective="checkout", **NIGHTLY)
        assert (answer.status_code, answer.json()["end"]) == (201, "2026-01-01T03:00:00Z")
        again = self.post(client, operator, objective="checkout", **NIGHTLY)
        assert again.json() == answer.json()
        pk = answer.json()["id"]
        of_service = {"service": item.service.name}
        for query in ({}, {"objective": "checkout"}, of_service, {"since": NOW.isoformat()}):
            body = client.get("/api/v1/exclusions", query, headers=operator).json()
            assert (body["count"], body["exclusions"][0]["rule"]) == (1, "FREQ=DAILY")
        past = {"until": datetime(2025, 1, 1, tzinfo=UTC).isoformat()}
        assert client.get("/api/v1/exclusions", past, headers=operator).json()["count"] == 0
        assert client.delete(f"/api/v1/exclusions/{pk}", headers=operator).status_code == 422
        assert client.delete(f"/api/v1/exclusions/{pk}?reason=%20", headers=operator).status_code == 422
        assert client.delete(f"/api/v1/exclusions/{pk}?reason=over", headers=operator).status_code == 204
        assert client.delete(f"/api/v1/exclusions/{pk}?reason=over", headers=operator).status_code == 404
        changes = client.get("/api/v1/exclusions/changes", {"exclusion": pk}, headers=operator).json()["changes"]
        assert [(c["action"], c["by"], c["reason"]) for c in changes] == [
            ("deleted", "robot", "over"),
            ("created", "robot", None),
        ]

    def test_a_viewer_may_look_only(self, client: Client) -> None:
        objective("checkout")
        viewer = {"X-API-Key": issue_token("eye", "viewer", NOW)}
        assert self.post(client, viewer, objective="checkout", **NIGHTLY).status_code == 403
        assert client.get("/api/v1/exclusions", headers=viewer).json() == {"exclusions": [], "count": 0}

    def test_a_hostile_rule_is_refused_in_a_sentence(self, client: Client, operator: dict[str, Any]) -> None:
        objective("checkout")
        answer = self.post(client, operator, objective="checkout", **NIGHTLY | {"rule": "FREQ=SECONDLY"})
        assert answer.status_code == 422
        assert answer.json()["detail"] == "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"

    def test_one_of_a_document_is_a_conflict(self, client: Client, operator: dict[str, Any], tmp_path: Path) -> None:
        apply(tmp_path, SERVICE, EXCLUSION)
        pk = Exclusion.objects.get().pk
        assert client.delete(f"/api/v1/exclusions/{pk}?reason=x", headers=operator).status_code == 409
