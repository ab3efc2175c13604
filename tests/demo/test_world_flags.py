"""The world's flags come through Brownout's client."""

import json
from collections.abc import Iterator

import pytest

from demo.world.flags import Flags
from tests.servers import Receiver, until


@pytest.fixture
def flags(receiver: Receiver) -> Iterator[Flags]:
    told = [
        {"key": "parcel-map", "value": False, "reason": "TARGETING_MATCH", "metadata": {"state": "shed"}},
        {"key": "feedback-prompts", "value": True, "reason": "STATIC"},
        {
            "key": "promotion-nudges",
            "value": False,
            "reason": "SPLIT",
            "metadata": {"share": 50, "salt": "promotion-nudges", "safe": False},
        },
    ]
    receiver.fallback = receiver.fallback.__class__(body=json.dumps({"flags": told}).encode())
    made = Flags(receiver.url, "token")
    assert made.off() == frozenset()  # nothing is known yet
    made.start()
    yield made
    made.stop()


def test_the_world_leaves_undone_what_is_off(flags: Flags, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "world"):
        until(lambda: flags.off() == {"parcel-map", "promotion-nudges"}, 10)
        flags.off()
    assert [record.getMessage() for record in caplog.records] == ["Flags off: parcel-map, promotion-nudges"]


def test_what_is_on_for_a_share_is_on_for_that_share_of_the_users(flags: Flags) -> None:
    until(flags.off, 10)
    without = sum("promotion-nudges" in flags.off(f"user-{number}") for number in range(200))
    assert 70 < without < 130
