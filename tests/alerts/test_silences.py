"""Silences: made, ended and declared, what they hold, and what people hear of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User

from alerts.errors import SilenceOverError
from alerts.models import Alert, Silence, SilenceChange, Transition
from alerts.services import silences
from alerts.services.acknowledge import acknowledge
from alerts.services.catalog.silences import Silences
from alerts.services.follow_up import follow_up
from slo.errors import DeclaredError, DefinitionError, NotFoundError
from slo.services.catalog import apply_documents, export_documents
from tests.alerts.world import burning, fired
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OTHERS = {"service": "returns", "severity": "page"}


def wanted(*matchers: str, start: datetime = NOW, length: str = "2h", **fields: Any) -> dict[str, Any]:
    texts = list(matchers) or ['objective="checkout"']
    return {"matchers": texts, "start": start.isoformat(), "duration": length, "reason": "we know", **fields}


def silence(*matchers: str, at: datetime = NOW, **fields: Any) -> Silence:
    return silences.create(wanted(*matchers, **fields), at, by="a test")


def history(alert: Alert, kind: str = "silence") -> list[str]:
    return list(alert.transitions.filter(kind=kind).values_list("cause", flat=True))


def kinds(changes: list[Transition]) -> list[str]:
    return [change.kind for change in changes]


class TestHolding:
    def test_it_holds_what_matches_while_it_is_in_force(self) -> None:
        made, labels = silence('service=~"orders|checkout"', "severity=page"), {"service": "orders", "severity": "page"}
        assert silences.holding(labels, NOW) == made
        assert silences.holding(labels, NOW - MINUTE) is None
        assert silences.holding(labels, NOW + 2 * HOUR) is None
        assert silences.holding({**labels, "severity": "ticket"}, NOW) is None
        assert silences.holding(OTHERS, NOW) is None

    def test_one_that_comes_back_holds_at_each_occurrence(self) -> None:
        silence("service=orders", rule="FREQ=WEEKLY", time_zone="Europe/Berlin")
        held = {weeks: silences.holding({"service": "orders"}, NOW + weeks * 7 * 24 * HOUR) for weeks in (1, 2, 5)}
        assert all(held.values())
        assert silences.holding({"service": "orders"}, NOW + 3 * HOUR) is None

    def test_one_that_cannot_be_read_any_more_holds_nothing_and_stops_nothing(self) -> None:
        made = silence("service=orders")
        Silence.objects.create(matchers=["("], start=NOW, end=NOW + HOUR, reason="edited by hand", created_at=NOW)
        assert silences.holding({"service": "orders"}, NOW) == made


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": ["service="]}, "the value of service"),
        ({"matchers": ['service=~"("']}, "no regular expression"),
        ({"matchers": ['service=~".*"']}, "these match every alert there is"),
        ({"matchers": ["a=b"] * 21}, "at most 20"),
        ({"matchers": "service=orders"}, "list"),
        ({"reason": "  "}, "say why"),
        ({"reason": "x" * 2_001}, "2000"),
        ({"duration": None}, "either end or duration"),
        ({"duration": "0s"}, "duration of zero"),
        ({"duration": "-1h"}, "duration"),
        ({"duration": "367d"}, "at most 366d"),
        ({"start": "yesterday"}, "start"),
        ({"start": "2026-03-01T00:00:00Z"}, "over already"),
        ({"rule": "FREQ=SECONDLY"}, "FREQ must be"),
        ({"time_zone": "Nowhere/Else"}, "time"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(fields: dict[str, Any], fault: str) -> None:
    asked = {name: value for name, value in {**wanted(), **fields}.items() if value is not None}
    with pytest.raises(DefinitionError, match=fault):
        silences.create(asked, NOW)
    assert not Silence.objects.exists()


def test_asking_twice_makes_one() -> None:
    assert silence() == silence() == Silence.objects.get()
    assert SilenceChange.objects.count() == 1


class TestEnding:
    def test_who_ended_it_and_why_is_kept(self) -> None:
        made, ana = silence(), User.objects.create(username="ana")
        ended = silences.end(made.pk, NOW + MINUTE, reason="  fixed ", user=ana)
        assert (ended.ended_at, ended.ended_by, ended.ended_reason) == (NOW + MINUTE, ana, "fixed")
        assert silences.holding({"objective": "checkout"}, NOW + MINUTE) is None
        changes = SilenceChange.objects.order_by("pk").values_list("action", "actor__username", "by", "reason")
        assert list(changes) == [("created", None, "a test", ""), ("ended", "ana", "", "fixed")]

    def test_a_reason_is_needed(self) -> None:
        with pytest.raises(DefinitionError, match="say why it ends"):
            silences.end(silence().pk, NOW, reason=" ")

    def test_one_that_is_over_or_unknown_cannot_be_ended(self) -> None:
        made = silence()
        with pytest.raises(SilenceOverError):
            silences.end(made.pk, NOW + 3 * HOUR, reason="late")
        with pytest.raises(NotFoundError):
            silences.end(0, NOW, reason="which?")

    def test_one_that_has_not_begun_can_be_called_off(self) -> None:
        made = silence(start=NOW + 24 * HOUR)
        silences.end(made.pk, NOW, reason="moved")
        assert silences.holding({"objective": "checkout"}, NOW + 25 * HOUR) is None

    def test_an_occurrence_is_cut_short_and_the_next_comes(self) -> None:
        made = silence(rule="FREQ=DAILY")
        with pytest.raises(SilenceOverError, match="No occurrence"):
            silences.end(made.pk, NOW + 3 * HOUR, reason="early")
        silences.end(made.pk, NOW + MINUTE, reason="done early")
        assert silences.holding({"objective": "checkout"}, NOW + HOUR) is None
        assert silences.holding({"objective": "checkout"}, NOW + 25 * HOUR) == made
        silences.end(made.pk, NOW + 5 * HOUR, reason="moved to the weekend", whole=True)
        assert silences.holding({"objective": "checkout"}, NOW + 25 * HOUR) is None


class TestAlerts:
    def test_it_is_put_on_at_once_with_its_cause_and_lifted_when_it_is_over(self, announced: list[Transition]) -> None:
        alert = fired()
        made = silence()
        alert.refresh_from_db()
        assert (alert.silence, alert.suppressed) == (made, True)
        assert history(alert) == ["silenced until 2026-03-02 14:00 UTC by a test: we know"]
        follow_up(NOW + HOUR)
        assert kinds(announced) == ["state"], "nobody hears of it again meanwhile"
        follow_up(NOW + 2 * HOUR)
        alert.refresh_from_db()
        assert alert.silence is None
        assert history(alert)[1:] == ["the silence is over"]
        assert kinds(announced) == ["state", "silence"], "it still fires, which people are to hear"
        follow_up(NOW + 3 * HOUR)
        assert len(announced) == 2

    def test_who_ends_it_is_named_and_people_hear_of_what_still_fires(self, announced: list[Transition]) -> None:
        alert = fired()
        silences.end(silence().pk, NOW + MINUTE, reason="not that one", user=User.objects.create(username="ana"))
        assert history(alert)[1:] == ["the silence was ended by ana: not that one"]
        assert kinds(announced) == ["state", "silence"]

    def test_what_somebody_has_taken_on_is_not_told_again(self, announced: list[Transition]) -> None:
        alert = fired()
        made = silence()
        acknowledge(alert, None, "mine", NOW + MINUTE)
        silences.end(made.pk, NOW + 2 * MINUTE, reason="done")
        assert "silence" not in kinds(announced)

    def test_of_two_the_longer_one_holds_and_the_change_is_noted(self) -> None:
        alert = fired()
        silence(length="1h")
        longer = silence(length="3h", reason="longer than we thought")
        alert.refresh_from_db()
        assert alert.silence == longer
        assert len(history(alert)) == 2

    def test_a_judgement_that_is_late_does_not_lift_what_was_made_since(self) -> None:
        alert = fired()
        silence(at=NOW + MINUTE, start=NOW + MINUTE)
        follow_up(NOW + MINUTE / 2)
        alert.refresh_from_db()
        assert alert.silence is not None

    def test_only_what_matches_is_held(self) -> None:
        alert = fired()
        silence("service=returns")
        alert.refresh_from_db()
        assert alert.silence is None
        assert not Transition.objects.filter(kind="silence").exists()

    def test_a_pending_alert_is_held_before_it_fires(self) -> None:
        silence()
        item = burning()
        alert = Alert.objects.create(
            objective=item, subject=item.name, severity="page", state="pending", opened_at=NOW, service=item.service
        )
        follow_up(NOW)
        alert.refresh_from_db()
        assert alert.suppressed


DOCUMENT = """\
apiVersion: brownout/v1
kind: Silence
metadata: {name: weekly-move}
spec:
  matchers: ['service="orders"', 'severity=~"page|ticket"']
  start: 2026-03-01T02:00:00+01:00
  duration: 2h
  rule: FREQ=WEEKLY;BYDAY=SU
  timeZone: Europe/Berlin
  reason: The warehouse moves its stock.
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., list[str]]:
    def apply(text: str, **options: Any) -> list[str]:
        path = tmp_path / "silence.yaml"
        path.write_text(text)
        return [change.action for change in apply_documents([path], NOW, **options) if change.kind == "Silence"]

    return apply


class TestDocuments:
    def test_applied_exported_and_applied_again_it_is_the_same(
        self, declare: Callable[..., list[str]], tmp_path: Path
    ) -> None:
        assert declare(DOCUMENT) == ["created"]
        assert declare(DOCUMENT) == ["unchanged"]
        text = export_documents()
        assert "timeZone: Europe/Berlin" in text
        Silence.objects.all().delete()
        declare(text)
        assert export_documents() == text
        assert silences.holding({"service": "orders", "severity": "page"}, datetime(2026, 3, 8, 1, 30, tzinfo=UTC))

    def test_its_line_is_named_when_it_is_wrong(self, declare: Callable[..., list[str]]) -> None:
        with pytest.raises(DefinitionError, match=r"silence\.yaml:5: spec.matchers"):
            declare(DOCUMENT.replace("page|ticket", "page|("))

    def test_what_was_ended_stays_so_until_the_document_changes(self, declare: Callable[..., list[str]]) -> None:
        once = DOCUMENT.replace("  rule: FREQ=WEEKLY;BYDAY=SU\n", "").replace("2026-03-01T02", "2026-03-02T12")
        declare(once)
        made = Silence.objects.get()
        silences.end(made.pk, NOW, reason="no need")
        declare(once)
        assert silences.holding({"service": "orders", "severity": "page"}, NOW) is None
        declare(once.replace("2h", "3h"))
        assert silences.holding({"service": "orders", "severity": "page"}, NOW) == made
        assert [c.action for c in SilenceChange.objects.order_by("pk")] == ["created", "ended", "changed"]

    def test_the_whole_of_one_that_comes_back_is_ended_in_the_document(self, declare: Callable[..., list[str]]) -> None:
        declare(DOCUMENT)
        with pytest.raises(DeclaredError, match="weekly-move"):
            silences.end(Silence.objects.get().pk, NOW, reason="never again", whole=True)

    def test_when_it_is_declared_no_longer_its_alerts_are_told(
        self, declare: Callable[..., list[str]], announced: list[Transition]
    ) -> None:
        alert = fired()
        declare(
            DOCUMENT.replace('service="orders"', 'objective="checkout"')
            .replace("  rule: FREQ=WEEKLY;BYDAY=SU\n", "")
            .replace("2026-03-01T02", "2026-03-02T12")
        )
        follow_up(NOW)
        alert.refresh_from_db()
        assert alert.suppressed
        Silences().pruning(Silence.objects.get(), SimpleNamespace(at=NOW))  # type: ignore[arg-type]
        alert.refresh_from_db()
        assert (alert.suppressed, kinds(announced)) == (False, ["state", "silence"])
        assert "declared no longer" in history(alert)[-1]


class TestJudging:
    def test_what_fires_in_a_silence_is_not_told_until_it_is_over(self, announced: list[Transition]) -> None:
        made = silence()
        alert = fired()
        assert (alert.silence, announced) == (made, [])
        assert history(alert) == ["silenced until 2026-03-02 14:00 UTC by a test: we know"]
        silences.end(made.pk, NOW + MINUTE, reason="it is not that")
        assert kinds(announced) == ["silence"]
