"""Flags by hand: forced with a reason and an expiry, released, and everything put back; all of it audited."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from degradation import selectors
from degradation.errors import ConflictError, OverrideError
from degradation.models import Flag, FlagChange, Shedding
from degradation.rules.shedding import State
from degradation.services import flags
from slo.errors import NotFoundError
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = NOW + timedelta(hours=1)


@pytest.fixture
def ada() -> User:
    return rows.operator()


@pytest.fixture
def nudges() -> Flag:
    return rows.flag("nudges", tier=3)


def force(
    value: bool = False,
    *,
    user: User | None = None,
    reason: str = "load test",
    until: datetime = HOUR,
    at: datetime = NOW,
    version: int | None = None,
) -> None:
    flags.force("nudges", value, user=user, reason=reason, until=until, at=at, version=version)


def history(item: Flag) -> list[tuple[str, bool, bool, str]]:
    found = item.changes.order_by("at", "id")
    return [(change.cause, change.before, change.after, change.reason) for change in found]


def test_a_forced_flag_says_who_why_since_when_and_until_when(ada: User, nudges: Flag) -> None:
    force(user=ada)
    view = selectors.flag("nudges", NOW)
    assert (view.value, view.state, view.reason, view.since, view.until, view.by) == (
        False,
        "forced off",
        "load test",
        NOW,
        HOUR,
        "ada",
    )


def test_forcing_is_audited(ada: User, nudges: Flag) -> None:
    force(user=ada)
    change = nudges.changes.get()
    assert (change.cause, change.before, change.after, change.actor, change.until) == ("forced", True, False, ada, HOUR)


def test_without_a_reason_nothing_changes(nudges: Flag) -> None:
    with pytest.raises(OverrideError):
        force(reason=" ")
    assert selectors.flag("nudges", NOW).state == "auto"
    assert history(nudges) == []


def test_more_than_a_day_is_refused(nudges: Flag) -> None:
    with pytest.raises(OverrideError, match="24 hours at most"):
        force(until=NOW + timedelta(hours=25))


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(NotFoundError, match="'nudges'"):
        force()
    with pytest.raises(NotFoundError, match="'nudges'"):
        flags.release("nudges", user=None, reason="x", at=NOW)
    with pytest.raises(NotFoundError, match="'nudges'"):
        selectors.flag("nudges", NOW)


def test_of_two_who_saw_the_same_flag_the_second_is_told(nudges: Flag) -> None:
    seen = selectors.flag("nudges", NOW).flag.version
    force(False, version=seen)
    with pytest.raises(ConflictError, match="Somebody else changed nudges a moment ago"):
        force(True, version=seen)
    with pytest.raises(ConflictError):
        flags.release("nudges", user=None, reason="x", at=NOW, version=seen)
    assert selectors.flag("nudges", NOW).state == "forced off"


def test_two_writers_at_the_same_moment_do_not_overwrite_each_other(
    nudges: Flag, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Flag.objects.get(key="nudges")
    force(False)
    monkeypatch.setattr(flags, "_seen", lambda key, version: stale)
    with pytest.raises(ConflictError):
        force(True)
    assert len(history(nudges)) == 1


def test_a_new_override_replaces_a_standing_one(nudges: Flag) -> None:
    force(False)
    force(True, reason="all fine", at=rows.later(60))
    assert selectors.flag("nudges", rows.later(60)).state == "forced on"
    assert history(nudges) == [("forced", True, False, "load test"), ("forced", False, True, "all fine")]


def test_an_expired_override_holds_no_longer_even_before_anybody_noticed(nudges: Flag) -> None:
    force(False)
    assert selectors.flag("nudges", HOUR - timedelta(seconds=1)).value is False
    view = selectors.flag("nudges", HOUR)
    assert (view.value, view.state, view.reason, view.until, view.by) == (True, "auto", "", None, "")


def test_expiry_is_noted_once_with_its_own_instant(nudges: Flag) -> None:
    force(False)
    assert flags.expire(HOUR - timedelta(seconds=1)) == 0
    assert flags.expire(HOUR + timedelta(minutes=5)) == 1
    assert flags.expire(HOUR + timedelta(minutes=6)) == 0
    last = nudges.changes.first()
    assert last is not None
    assert (last.cause, last.at, last.before, last.after) == ("expired", HOUR, False, True)
    assert last.reason == "its time was up (load test)"


def test_forcing_again_after_an_unnoticed_expiry_notes_both(nudges: Flag) -> None:
    force(False)
    late = HOUR + timedelta(minutes=1)
    force(False, at=late, until=late + timedelta(minutes=5), reason="again")
    assert [(cause, before, after) for cause, before, after, _ in history(nudges)] == [
        ("forced", True, False),
        ("expired", False, True),
        ("forced", True, False),
    ]


def test_releasing_gives_the_flag_back_to_the_loop(ada: User, nudges: Flag) -> None:
    rows.shed(nudges)
    force(True)
    flags.release("nudges", user=ada, reason="done", at=rows.later(60))
    view = selectors.flag("nudges", rows.later(60))
    assert (view.value, view.state, view.by, view.reason) == (False, "shed", "loop", "checkout burns")
    assert history(nudges)[-1] == ("released", True, False, "done")


def test_what_is_not_forced_cannot_be_released(nudges: Flag) -> None:
    with pytest.raises(OverrideError, match="nudges is not forced"):
        flags.release("nudges", user=None, reason="done", at=NOW)


def test_a_safe_value_may_be_on(nudges: Flag) -> None:
    rows.flag("trending-instead", safe_value=True)
    assert selectors.flag("trending-instead", NOW).value is False
    rows.shed(Flag.objects.get(key="trending-instead"))
    assert selectors.flag("trending-instead", NOW).value is True


def test_restore_everything_releases_and_brings_back_all_flags(ada: User, nudges: Flag) -> None:
    rows.shed(nudges)
    force(True)
    rows.shed(rows.flag("events"))
    untouched = rows.flag("search", tier=1)
    assert flags.restore_everything(user=ada, reason="false alarm", at=rows.later(60)) == 2
    assert {view.state for view in selectors.flags(rows.later(60))} == {"auto"}
    assert history(nudges)[-2:] == [
        ("released", True, False, "false alarm"),
        ("restored", False, True, "false alarm"),
    ]
    assert history(untouched) == []
    assert {change.actor for change in FlagChange.objects.exclude(cause="forced")} == {ada}


def test_restore_everything_sets_the_loop_back_and_starts_its_dwell() -> None:
    service = factories.service()
    rows.policy(service)
    Shedding.objects.update(state=State(shed=(3, 4), direction="shed", stepped_at=1).as_json())
    flags.restore_everything(user=None, reason="false alarm", at=NOW)
    row = Shedding.objects.get()
    state = State.of(row.state)
    assert state.idle
    assert (state.direction, state.stepped_at) == ("restore", int(NOW.timestamp()))
    assert (row.reason, row.decided_at) == ("everything was restored by hand: false alarm", NOW)


def test_restore_everything_needs_a_reason(nudges: Flag) -> None:
    rows.shed(nudges)
    with pytest.raises(OverrideError):
        flags.restore_everything(user=None, reason="", at=NOW)
    assert selectors.flag("nudges", NOW).state == "shed"


def test_history_is_newest_first_and_cut_off(nudges: Flag) -> None:
    for minute in range(3):
        force(bool(minute % 2), at=rows.later(minute * 60), reason=f"no {minute}")
    assert [change.reason for change in selectors.changes(nudges, limit=2)] == ["no 2", "no 1"]
    assert [change.reason for change in selectors.histories(2, [nudges.pk])[nudges.pk]] == ["no 2", "no 1"]
