"""A preview asked of a real Prometheus: what it says is what the events were."""

from datetime import UTC, datetime
from time import time

import pytest

from alerts.services.preview import preview
from slo.maths.windows import floor_to
from slo.services import survey
from tests import factories
from tests.conftest import PrometheusFactory

STEP, HOURS = 60, 48
pytestmark = pytest.mark.django_db


def test_a_preview_tells_of_a_real_prometheus_what_happened_there(prometheus: PrometheusFactory) -> None:
    survey.forget()
    end = floor_to(int(time()), 300) - 600
    start = end - HOURS * 3_600
    outage = range(end - 12 * 3_600, end - 11 * 3_600, STEP)
    total, bad = 0, 0
    lines: dict[str, list[str]] = {"requests_total": [], "errors_total": []}
    for at in range(start, end + 1, STEP):
        lines["requests_total"].append(f'requests_total{{job="shop"}} {total} {at}')
        lines["errors_total"].append(f'errors_total{{job="shop"}} {bad} {at}')
        total, bad = total + 50, bad + (10 if at in outage else 0)
    history = "\n".join([*lines["requests_total"], *lines["errors_total"], "# EOF"]) + "\n"
    server = prometheus(history=history)
    source = factories.source(spec={"url": server.url, "scrape_interval": STEP})
    sli = {"bad": 'errors_total{job="shop"}', "total": 'requests_total{job="shop"}', "counter": True}
    item = factories.objective(source=source, sli=sli, target=0.999)
    found = preview(item, datetime.fromtimestamp(end, UTC))
    assert found.survey.problem == ""
    assert found.whole.bad == 600
    assert found.whole.total == pytest.approx(HOURS * 60 * 50, rel=0.005)
    assert found.whole.completeness == pytest.approx(HOURS / 720, rel=0.02)
    [page] = [alert for alert in found.alerts if alert.severity == "page"]
    assert 0 <= page.start.timestamp() - outage.start <= 900
    item.sli = {**sli, "total": 'requests_total{job="shop"'}
    assert preview(item, datetime.fromtimestamp(end, UTC)).survey.problem
