"""The long tail, by Apprise."""

import pytest

from tests.alerts.test_channels import tell
from tests.alerts.test_message import FIRING, RESOLVED, told
from tests.servers import Receiver
from tests.servers.process import free_port


def test_a_service_gets_title_text_and_urgency(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPRISE_URL", f"json://me:T0KEN@127.0.0.1:{receiver.port}/hook")
    for bundle in (told(), told(RESOLVED)):
        assert tell("apprise", bundle, url={"from_env": "APPRISE_URL"}).outcome == "accepted"
    first, second = (request.json for request in receiver.requests)
    assert (first["title"], first["type"], second["type"]) == (FIRING.summary, "failure", "success")
    assert FIRING.runbook_url in first["message"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "refused"), (401, "refused"), (408, "retry"), (429, "retry"), (500, "retry"), (503, "retry")],
)
def test_what_its_failures_come_to(
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    status: int,
    outcome: str,
) -> None:
    monkeypatch.setenv("APPRISE_URL", f"json://me:T0KEN@127.0.0.1:{receiver.port}/hook/S3CRET")
    receiver.answer(status)
    said = tell("apprise", url={"from_env": "APPRISE_URL"})
    assert said.outcome == outcome
    assert str(status) in said.text
    assert "T0KEN" not in said.text
    assert "S3CRET" not in said.text
    assert "apprise" not in capfd.readouterr().err, "its own log is not ours: it may quote the URL"


def test_a_service_that_is_away_or_no_url_at_all_is_to_be_tried_later(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("APPRISE_URL", f"json://127.0.0.1:{free_port()}/T0KEN")
    assert tell("apprise", url={"from_env": "APPRISE_URL"}).outcome == "retry"
    for wrong in ("pigeon://T0KEN", "T0KEN"):
        monkeypatch.setenv("APPRISE_URL", wrong)
        said = tell("apprise", url={"from_env": "APPRISE_URL"})
        assert said.text == "What APPRISE_URL holds is no URL that Apprise understands"
    assert "T0KEN" not in capfd.readouterr().err
