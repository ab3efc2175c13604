"""Connecting to sources: TLS and credentials that work, and secrets that nobody ever reads."""

import base64
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slo.errors import BrownoutError, SourceError
from slo.models import Source, SourceState, Watermark
from slo.services.catalog import export_documents
from slo.services.collect import collect
from slo.sources import registry
from slo.sources.base import Query
from slo.sources.secrets import HIDDEN, Veil, resolve
from tests import factories
from tests.conftest import PrometheusFactory
from tests.servers import Receiver, SimulatedService, running
from tests.servers.process import installed
from tests.servers.tls import Certificate, Proxy
from tests.slo.documents import SERVICE
from tests.slo.reading import apply, refused, sentences, told

SECRET = "s3cr3t: /päss"
TOKEN = "t0k-en/with+signs=="
QUERY = Query(1, "requests_total", bad='requests_total{code="500"}')
SOURCE = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom}
spec: {type: prometheus, connectionDetails: {url: "http://prom.test", DETAILS}}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Programs called by other tests switch off the loggers they find.
    for name in ("slo.sources.connection", "slo.services.collect", "urllib3.connectionpool"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", False)
    monkeypatch.setenv("TEST_TOKEN", TOKEN)
    (tmp_path / "password").write_text(f"{SECRET}\n")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with running(Proxy) as server:
        yield server


def trusting(server: Proxy, **more: Any) -> dict[str, Any]:
    return {"url": server.url, "timeout": 5, "tls": {"ca_file": str(server.certificate.file)}, **more}


def ask(kind: str, spec: dict[str, Any]) -> Any:
    (reading,) = registry.build(kind, spec).collect([QUERY], 1_700_000_010, 1_700_000_040, 30)
    return reading


# What works ------------------------------------------------------------------------------------------------------


@pytest.mark.integration
def test_a_real_prometheus_behind_tls_and_credentials_is_measured(
    proxy: Proxy, prometheus: PrometheusFactory, tmp_path: Path
) -> None:
    proxy.target = prometheus().url
    pair = base64.b64encode(f"me:{SECRET}".encode()).decode()
    proxy.wanted = {"authorization": f"Basic {pair}", "x-scope-orgid": "team-a", "x-api-key": TOKEN, "x-plain": "as is"}
    password = {"from_file": str(tmp_path / "password")}
    spec = trusting(
        proxy,
        basic_auth={"username": "me", "password": password},
        tenant="team-a",
        headers={"X-Api-Key": {"from_env": "TEST_TOKEN"}, "X-Plain": "as is"},
    )
    reading = ask("prometheus", spec)
    assert reading.problem == ""
    assert reading.samples
    proxy.wanted = {"authorization": f"Bearer {TOKEN}"}
    assert ask("prometheus", trusting(proxy, bearer_token={"from_env": "TEST_TOKEN"})).samples
    with pytest.raises(SourceError, match="401"):
        ask("prometheus", trusting(proxy))


def scraped(server: Proxy, **more: Any) -> dict[str, Any]:
    spec = trusting(server, **more)
    return {"targets": [f"{spec.pop('url')}/metrics"], **spec}


def test_metrics_behind_tls_and_a_token_are_scraped(proxy: Proxy) -> None:
    with SimulatedService() as service:
        service.serve(good=1)
        proxy.target = service.url
        proxy.wanted = {"authorization": f"Bearer {TOKEN}"}
        assert ask("scrape", scraped(proxy, bearer_token={"from_env": "TEST_TOKEN"})).cursor["targets"]


def test_a_client_certificate_is_shown(tmp_path: Path, prometheus: PrometheusFactory) -> None:
    with installed():
        own = Certificate(tmp_path, "client")
    with running(lambda: Proxy(client=own)) as server:
        server.target = prometheus().url
        tls = {"ca_file": str(server.certificate.file)}
        shown = {"cert_file": str(own.file), "key_file": str(own.key)}
        assert ask("prometheus", trusting(server, tls=tls | shown)).problem == ""
        with pytest.raises(SourceError):
            ask("prometheus", trusting(server, tls=tls))


def test_a_certificate_of_nobody_is_refused_whatever_the_environment_says(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="self-signed certificate"):
        ask("prometheus", {"url": proxy.url})
    proxy.target = "http://127.0.0.1:9"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
    proxy.wanted = {"never": "sent"}
    with pytest.raises(SourceError, match="401"):
        ask("prometheus", trusting(proxy))


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_skipping_verification_is_said_loudly(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    proxy.wanted = {"never": "sent"}
    with pytest.raises(SourceError, match="401"):
        ask("prometheus", {"url": proxy.url, "tls": {"insecure_skip_verify": True}})
    assert "NOT verified" in caplog.text


def test_what_signs_a_request_is_not_sent_on_to_another_server(receiver: Receiver) -> None:
    with Receiver() as other:
        receiver.answer(302, headers={"Location": f"{other.url}/metrics"})
        spec = {"targets": [f"{receiver.url}/metrics"], "tenant": "team-a", "bearer_token": {"from_env": "TEST_TOKEN"}}
        with pytest.raises(SourceError):
            ask("scrape", spec)
        assert receiver.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert {"authorization", "x-scope-orgid"} & other.requests[0].headers.keys() == set()


# What is never shown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, json.dumps({"error": f"bad token {TOKEN} " + "x" * 500})),
        (422, json.dumps({"error": f"Bearer {TOKEN}"})),
        (400, f"no json, {TOKEN}"),
        (401, f"denied for {TOKEN}"),
        (500, f"{'x' * 240}{TOKEN}"),
        (200, f"<html>{TOKEN}</html>"),
        (200, json.dumps({"data": {"result": [{"metric": TOKEN, "values": [[TOKEN, TOKEN]]}]}})),
    ],
)
def test_a_source_that_echoes_a_secret_does_not_make_it_known(
    receiver: Receiver, status: int, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.fallback = receiver.fallback.__class__(status, body.encode())
    spec = {"url": receiver.url, "timeout": 2, "bearer_token": {"from_env": "TEST_TOKEN"}}
    try:
        text = ask("prometheus", spec).problem
    except BrownoutError as error:
        text = str(error)
    assert text
    assert TOKEN[:9] not in text + caplog.text


@pytest.mark.django_db
def test_a_secret_is_in_no_row_no_document_and_no_log(
    receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.fallback = receiver.fallback.__class__(401, f"me:{SECRET} {TOKEN}".encode())
    details = f'basicAuth: {{username: me, password: {{fromFile: "{tmp_path}/password"}}}}'
    apply(tmp_path, SERVICE, SOURCE.replace("http://prom.test", receiver.url).replace("DETAILS", details))
    source = Source.objects.get()
    factories.objective(source=source)
    collect(datetime.now(UTC))
    rows = [list(model._default_manager.values()) for model in (Source, SourceState, Watermark)]
    texts = [json.dumps(row, default=str, ensure_ascii=False) for row in rows]
    assert "401" in SourceState.objects.get().problem
    pair = base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert receiver.requests[0].headers["authorization"] == f"Basic {pair}"
    for text in (*texts, export_documents(["prom"]), caplog.text, repr(registry.build(source.kind, source.spec))):
        assert SECRET not in text
        assert "päss" not in text
        assert pair not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"from_env": "NOT_THERE"}, "the environment variable NOT_THERE is not set"),
        ({"from_file": "/no/such/secret"}, "the file /no/such/secret cannot be read: No such file"),
        ({"from_file": "/"}, "the file / cannot be read: Is a directory"),
    ],
)
def test_a_missing_secret_is_a_gap_of_its_source_that_names_the_reference(reference: dict[str, str], said: str) -> None:
    item = factories.objective(source=factories.source(spec={"url": "http://127.0.0.1:9", "bearer_token": reference}))
    collect(datetime.now(UTC))
    assert SourceState.objects.get(source=item.source).problem.startswith(said)


@pytest.mark.parametrize("value", ["", "  \n", "two\nlines", "\x00"])
def test_what_cannot_be_a_secret_is_refused_without_showing_it(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_text(value)
    with pytest.raises(SourceError, match=r"is empty|more than one line") as caught:
        resolve({"from_file": str(path)})
    assert "lines" not in str(caught.value)


def test_a_secret_is_looked_up_at_every_use(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    adapter = registry.build("scrape", {"targets": [receiver.url], "bearer_token": {"from_env": "TEST_TOKEN"}})
    for token in ("first", "second"):
        monkeypatch.setenv("TEST_TOKEN", token)
        with pytest.raises(SourceError):
            adapter.collect([QUERY], 0, 30 if token == "first" else 60, 30)
    assert [request.headers["authorization"] for request in receiver.requests] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("text", [SECRET, repr(SECRET), json.dumps(SECRET), base64.b64encode(SECRET.encode()).decode()])
def test_a_veil_hides_every_spelling(text: str) -> None:
    assert Veil([SECRET])(f"before {text} after").strip("'\"") in {
        f"before {quote}{HIDDEN}{quote} after" for quote in ("", "'", '"')
    }


# What documents say ----------------------------------------------------------------------------------------------

WHOLE = """timeout: 5s, tenant: team-a, headers: {X-Plain: as is, X-Api-Key: {fromEnv: KEY}},
  basicAuth: {username: me, password: {fromFile: /run/secrets/prom}},
  tls: {caFile: /etc/ca.pem, certFile: /etc/me.pem, keyFile: /etc/me.key}"""


@pytest.mark.django_db
@pytest.mark.parametrize("details", [WHOLE, "bearerToken: {fromEnv: KEY}, tls: {insecureSkipVerify: true}"])
def test_a_connection_comes_back_as_it_was_written(tmp_path: Path, details: str) -> None:
    document = SOURCE.replace("DETAILS", details)
    apply(tmp_path, document)
    spec = Source.objects.get().spec
    assert registry.build("prometheus", spec)
    assert told(apply(tmp_path, export_documents())) == []
    if details == WHOLE:
        assert spec["basic_auth"] == {"username": "me", "password": {"from_file": "/run/secrets/prom"}}
        assert spec["headers"] == {"X-Plain": "as is", "X-Api-Key": {"from_env": "KEY"}}
        assert spec["tenant"] == "team-a"


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ("bearerToken: abc", "a secret is not written into a document; write {fromEnv: NAME} or {fromFile: path}"),
        ("basicAuth: {username: me, password: abc}", "a secret is not written into a document"),
        ("basicAuth: {username: 'm:e', password: {fromEnv: A}}", "a user name of HTTP holds no colon"),
        ("bearerToken: {fromEnv: A, fromFile: b}", "needs either fromEnv or fromFile"),
        ("bearerToken: {}", "needs either fromEnv or fromFile"),
        ("bearerToken: {fromEnv: 'A B'}", "must be the name of an environment variable"),
        ("bearerToken: {fromenv: A}", "is not a known field; did you mean fromEnv?"),
        ("headers: {Authorization: Basic abc}", "Authorization is a secret, which is not written into a document"),
        ("headers: {X-Api-Key: abc}", "X-Api-Key is a secret"),
        ("headers: {X-A: 5}", "must be text, or for a secret {fromEnv: NAME} or {fromFile: path}"),
        ("headers: {X-A: {fromEnv: 5}}", "must be text, not the number 5"),
        ("headers: {X-A: a, x-a: b}", "names a header twice"),
        ("headers: {'X A': a}", "'X A' is no name of an HTTP header"),
        ("bearerToken: {fromEnv: A}, headers: {authorization: {fromEnv: B}}", "needs only one of bearerToken"),
        ("tenant: a, headers: {x-scope-orgid: b}", "tenant is the header X-Scope-OrgID"),
        ('tenant: "a\\nb"', "must be printable ASCII on one line"),
        ("tls: {keyFile: a}", "keyFile belongs to a certFile"),
        ("tls: {caFile: a, insecureSkipVerify: true}", "caFile means nothing with insecureSkipVerify"),
    ],
)
def test_a_connection_that_cannot_work_is_refused_in_a_sentence(tmp_path: Path, details: str, sentence: str) -> None:
    (said,) = sentences(tmp_path, SOURCE.replace("DETAILS", details))
    assert sentence in said
    assert "abc" not in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://me:hunter2@prom.test", "an address holds no user and password; write basicAuth"),
        ("ftp://me:hunter2@prom.test", "is no address"),
        ("http://me:hunter2@prom.test:99999", "is no address"),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, address: str, sentence: str) -> None:
    (said,) = refused(tmp_path, SOURCE.replace("http://prom.test", address).replace(", DETAILS", ""))
    assert sentence in said
    assert "hunter2" not in said
