"""Probes and pushed events as documents: read strictly, stored, measured, and written back the same."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from slo.models import Objective, Watermark
from slo.services.catalog import export_documents
from slo.services.collect import collect
from slo.services.events import Counts, receive
from slo.sources.registry import build
from tests import factories
from tests.factories import NOW
from tests.servers import Receiver
from tests.slo.documents import SERVICE, SOURCE
from tests.slo.reading import apply, refused, sentences, told

OUTSIDE = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: outside}
spec: {type: probe, description: From the office, connectionDetails: {tls: {caFile: /etc/ca.pem}}}
"""
PUSHED = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: pushed}
spec: {type: events}
"""
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: direct}
spec:
  service: shop
  indicator:
    metadata: {name: direct}
    spec:
      ratioMetric:
        rawType: success
        raw: {metricSource: {metricSourceRef: outside, spec: {probe: {url: "https://pay.test/health"}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""
SHORT = 'probe: {url: "https://pay.test/health"}'
WHOLE = """probe: {url: "https://pay.test/health", method: POST, interval: 1m30s, timeout: 2s, maxSeconds: 0.5,
          expectedStatus: [200-299, 404, "418"], bodyMatch: "ok$", tlsExpiryDays: 14, followRedirects: false,
          headers: {X-Plain: a, X-Api-Key: {fromEnv: KEY}}}"""


def slo(spec: str, source: str = "outside") -> str:
    return SLO.replace(SHORT, spec).replace("metricSourceRef: outside", f"metricSourceRef: {source}")


@pytest.mark.django_db
def test_a_probe_is_stored_in_seconds_and_ranges(tmp_path: Path) -> None:
    apply(tmp_path, SERVICE, OUTSIDE, slo(WHOLE))
    assert Objective.objects.get().sli == {
        "probe": {
            "url": "https://pay.test/health",
            "method": "POST",
            "interval": 90,
            "timeout": 2,
            "max_seconds": 0.5,
            "expected_status": [[200, 299], [404, 404], [418, 418]],
            "body_match": "ok$",
            "tls_expiry_days": 14,
            "headers": {"X-Plain": "a", "X-Api-Key": {"from_env": "KEY"}},
            "follow_redirects": False,
        }
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spec", "source"),
    [(SHORT, "outside"), (WHOLE, "outside"), ('probe: {tcp: "db.test:5432"}', "outside"), ("events: {}", "pushed"),
     ("events: {heartbeat: 5m}", "pushed")],
)  # fmt: skip
def test_a_direct_sli_comes_back_as_it_was_written(tmp_path: Path, spec: str, source: str) -> None:
    apply(tmp_path, SERVICE, OUTSIDE, PUSHED, slo(spec, source))
    sli = Objective.objects.get().sli
    assert told(apply(tmp_path, export_documents())) == []
    assert Objective.objects.get().sli == sli


@pytest.mark.django_db
def test_what_is_applied_is_measured(tmp_path: Path, settings: Settings, receiver: Receiver) -> None:
    settings.TICK_SECONDS = 30
    probe = slo(f'probe: {{url: "{receiver.url}/health", interval: 30s, expectedStatus: [204]}}')
    plain = OUTSIDE.replace("connectionDetails: {tls: {caFile: /etc/ca.pem}}", "connectionDetails: {tenant: team-a}")
    apply(tmp_path, SERVICE, plain, PUSHED, probe, slo("events: {}", "pushed").replace("name: direct", "name: orders"))
    receiver.answer(204)
    for tick in range(3):
        if tick == 1:
            receive([Counts("orders", "a", 8, 9)], NOW + timedelta(seconds=20))
        collect(NOW + timedelta(seconds=30 * tick))
    probed, pushed = (Objective.objects.get(name=name) for name in ("direct", "orders"))
    assert [row[1:] for row in factories.sums(probed)] == [(0, 0, 0), (1, 1, 30), (1, 2, 60)]
    assert [row[1:] for row in factories.sums(pushed)] == [(0, 0, 0), (8, 9, 20), (8, 9, 20)]
    assert receiver.requests[0].headers["x-scope-orgid"] == "team-a"
    assert Watermark.objects.get(objective=probed).problem == "the last check failed: 200 instead of 204"
    for item in (probed, pushed):
        assert build(item.source.kind, item.source.spec).replays is False


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("probe: {}", "needs either url or tcp"),
        ('probe: {url: "http://a", tcp: "a:1"}', "needs either url or tcp"),
        ('probe: {url: "file:///etc/passwd"}', "is no address; write it as http://host:port/path"),
        ('probe: {url: "http://me:pw@a"}', "an address holds no user and password"),
        ("probe: {tcp: db}", "'db' is no host with a port; write it as host:port"),
        ('probe: {tcp: "db:99999"}', "is no host with a port"),
        ('probe: {tcp: "db:1", method: GET, bodyMatch: a}', "bodyMatch, method belongs to a url, not to tcp"),
        ('probe: {url: "http://a", method: DELETE}', "must be GET, HEAD, OPTIONS or POST, not the text 'DELETE'"),
        ('probe: {url: "http://a", method: HEAD, bodyMatch: a}', "an answer to HEAD has no body to match"),
        ('probe: {url: "http://a", expectedStatus: []}', "must be a list of statuses and ranges"),
        ('probe: {url: "http://a", expectedStatus: [299-200]}', "'299-200' is no HTTP status and no range of them"),
        ('probe: {url: "http://a", expectedStatus: [600]}', "'600' is no HTTP status"),
        ('probe: {url: "http://a", bodyMatch: "("}', "is no regular expression: missing )"),
        ('probe: {url: "http://a", tlsExpiryDays: 3}', "tlsExpiryDays needs TLS"),
        ('probe: {url: "http://a", timeout: 31s}', "timeout must be at most 30s"),
        ('probe: {url: "http://a", interval: 2s}', "interval must be at least the timeout, and at most 1d"),
        ('probe: {url: "http://a", interval: 2d}', "interval must be at least the timeout, and at most 1d"),
        ('probe: {url: "http://a", maxSeconds: 6}', "maxSeconds must not be above the timeout"),
        ('probe: {url: "http://a", maxSeconds: -1}', "must be above 0, not -1"),
        ('probe: {url: "http://a", headers: {Cookie: a}}', "Cookie is a secret, which is not written into a document"),
        ('probe: {url: "http://a", expectStatus: [200]}', "is not a known field; did you mean expectedStatus?"),
        ('probe: {url: "http://a"}, events: {}', "needs either probe or events"),
        ("events: {heartbeat: 2h}", "must be at most 3600"),
        ("events: {heartbeat: 60}", "write a duration as text with its unit"),
    ],
)
def test_a_direct_sli_that_cannot_work_is_refused_in_a_sentence(tmp_path: Path, spec: str, sentence: str) -> None:
    (said,) = sentences(tmp_path, slo(spec))
    assert sentence in said


@pytest.mark.parametrize("raw_type", ["failure", "Success"])
def test_only_good_events_can_be_counted_directly(tmp_path: Path, raw_type: str) -> None:
    (said,) = sentences(tmp_path, SLO.replace("rawType: success", f"rawType: {raw_type}"))
    assert f"must be success, not the text '{raw_type}'" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("documents", "sentence"),
    [
        ((PUSHED, slo(SHORT, "pushed")), "an SLI of probe belongs to a DataSource of the type probe"),
        ((OUTSIDE, slo("events: {}")), "an SLI of probe belongs to a DataSource of the type probe"),
        ((SOURCE, slo("events: {}", "prom")), "an SLI of events belongs to a DataSource of the type events"),
        (
            (
                OUTSIDE.replace("caFile: /etc/ca.pem", "insecureSkipVerify: true"),
                slo('probe: {url: "https://a", tlsExpiryDays: 7}'),
            ),
            "tlsExpiryDays needs a DataSource that verifies certificates",
        ),
    ],
)
def test_an_sli_and_its_source_must_be_of_one_kind(tmp_path: Path, documents: Any, sentence: str) -> None:
    (said,) = refused(tmp_path, SERVICE, *documents)
    assert "spec.indicator.spec.ratioMetric.raw" in said
    assert sentence in said


@pytest.mark.django_db
def test_pushed_events_have_no_time_slices(tmp_path: Path) -> None:
    sliced = slo("events: {}", "pushed").replace("Occurrences", "RatioTimeslices")
    sliced = sliced.replace("target: 0.99", "target: 0.99, timeSliceWindow: 1m")
    (said,) = refused(tmp_path, SERVICE, PUSHED, sliced)
    assert "use budgetingMethod: Occurrences" in said
