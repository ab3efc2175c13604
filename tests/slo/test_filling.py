"""History of an objective made on a page: filled in piece by piece, once, and what cannot be is said."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from dashboards.presenters.filling import reach
from slo import selectors_ledger
from slo.errors import BackfillError
from slo.maths.windows import to_epoch
from slo.models import Filling, Objective, Watermark
from slo.services.filling import PIECE, fill, order
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def past(settings: Any) -> Iterator[Fake]:
    """A source that remembers two days, an event in six hours of which one was bad."""
    settings.TICK_SECONDS = 300
    end = to_epoch(NOW)
    with standing_in() as source:
        for at in range(end - 2 * DAY, end + 1, 21_600):
            source.count("http_requests_total", at, 100, bad=25 if at == end - DAY else 0)
        yield source


@pytest.fixture
def item(past: Fake) -> Objective:
    return factories.objective("checkout", days=2, source=factories.source(spec={"url": "http://prometheus.example"}))


def test_a_run_takes_a_piece_and_the_next_goes_on_from_there(item: Objective) -> None:
    order(item, NOW, actor="sam")
    runs = 0
    while Filling.objects.get().state == Filling.State.DUE and runs < 20:
        row = Filling.objects.get()
        told = reach(item, NOW)
        assert told is not None
        assert told.share == row.share
        assert fill(NOW, patience=0.0) == 1
        runs += 1
    assert 1 < runs <= 2 * DAY // PIECE + 2
    row = Filling.objects.get()
    assert (row.state, row.note, row.share) == (Filling.State.DONE, "", 1.0)
    assert Watermark.objects.get().started == to_epoch(NOW) - 2 * DAY
    window = selectors_ledger.History(item, to_epoch(NOW) - 2 * DAY, to_epoch(NOW)).window(
        to_epoch(NOW) - 2 * DAY, to_epoch(NOW)
    )
    before = (window.good, window.total)
    assert before[1]
    assert before[1] - (before[0] or 0) == 25
    assert fill(NOW) == 0
    order(item, NOW + timedelta(minutes=1), actor="sam")
    fill(NOW + timedelta(minutes=1))
    again = selectors_ledger.History(item, to_epoch(NOW) - 2 * DAY, to_epoch(NOW)).window(
        to_epoch(NOW) - 2 * DAY, to_epoch(NOW)
    )
    assert (again.good, again.total) == before
    assert reach(item, NOW) is None


def test_two_workers_do_not_fill_the_same(item: Objective) -> None:
    order(item, NOW, actor="sam")
    Filling.objects.update(leased_until=NOW + timedelta(minutes=1))
    assert fill(NOW) == 0
    assert fill(NOW + timedelta(minutes=2)) > 0, "who held it has died"


def test_a_source_that_fails_is_said_with_a_way_to_try_again(item: Objective, past: Fake, client: Client) -> None:
    past.outage(0, to_epoch(NOW))
    order(item, NOW, actor="sam")
    fill(NOW)
    told = reach(item, NOW)
    assert told is not None
    assert told.tone == "warn"
    assert told.offer == "Try again"
    assert "out of order" in told.text
    past._outages.clear()
    order(item, NOW, actor="sam")
    fill(NOW)
    assert Filling.objects.get().state == Filling.State.DONE


def test_a_source_of_the_present_says_so() -> None:
    source = factories.source(kind="scrape", title="The app", spec={"targets": ["http://127.0.0.1:1/metrics"]})
    item = factories.objective("checkout", source=source)
    with pytest.raises(BackfillError, match="knows only the present"):
        order(item, NOW, actor="sam")
    assert reach(item, NOW) is None
    factories.ledger(item, seconds=DAY, step=3_600)
    told = reach(item, NOW)
    assert told is not None
    assert told.text == (
        "Measured since 1 Mar, 12:00 UTC: The app knows only the present, so the period fills up by and by."
    )
    assert told.offer == ""
