"""The instances of the demo world's assistant tell Brownout of their circuits."""

import pytest

from demo.world import model
from demo.world.clients import CALLED, INSTANCES, Clients
from demo.world.components import PARTS
from demo.world.model import Condition
from tests.servers import Receiver


def conditions(**errors: float) -> dict[str, Condition]:
    return {part.name: Condition(errors.get(part.name, part.errors), 1, 1, 0) for part in PARTS}


@pytest.mark.parametrize(("errors", "least", "most"), [(0.0, 0, 0), (0.3, 2, 8), (0.4, 5, 11), (1.0, 12, 12)])
def test_more_of_them_open_the_more_fails(errors: float, least: int, most: int) -> None:
    told = Clients("", "").reports(conditions(orders=errors))
    assert len(told) == len(CALLED) * INSTANCES
    opened = [item for item in told if item["state"] == "open"]
    assert {item["component"] for item in opened} <= {"orders"}
    assert least <= len(opened) <= most


def test_they_report_with_their_token_and_outlive_silence(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    Clients(receiver.url, "secret").tell(model.conditions(0, 0, frozenset()))
    (request,) = receiver.requests
    assert request.headers["authorization"] == "Bearer secret"
    assert {"component", "client", "state", "calls", "failed"} == set(request.json[0])
    alone = Clients("http://127.0.0.1:9", "secret")
    for _ in range(3):
        alone.tell(conditions())
    assert [record.message for record in caplog.records] == ["No circuits told to http://127.0.0.1:9 (ConnectionError)"]
