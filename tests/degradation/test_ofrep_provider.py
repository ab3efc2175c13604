"""The official OpenFeature provider for OFREP, over the wire."""

from datetime import UTC, datetime, timedelta

import pytest
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import (
    FlagNotFoundError,
    GeneralError,
    OpenFeatureError,
    TargetingKeyMissingError,
    TypeMismatchError,
)
from openfeature.flag_evaluation import Reason
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from degradation.models import Flag
from degradation.ofrep.memory import memory
from degradation.selectors.served import Part, Served
from degradation.services import flags
from slo.services.access import issue_token
from tests.degradation import rows
from tests.factories import NOW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


@pytest.fixture
def nudges() -> Flag:
    return rows.flag("nudges", tier=3)


@pytest.fixture
def provider(live_server: LiveServer, nudges: Flag) -> OFREPProvider:
    token = issue_token("shop", "viewer", NOW)
    return OFREPProvider(live_server.url, headers_factory=lambda: {"Authorization": f"Bearer {token}"})


def test_a_normal_flag_is_on(provider: OFREPProvider) -> None:
    details = provider.resolve_boolean_details("nudges", default_value=False)
    assert (details.value, details.reason, details.variant) == (True, Reason.STATIC, "on")


def test_a_context_makes_no_difference(provider: OFREPProvider) -> None:
    someone = EvaluationContext("user-1", {"country": "JP", "age": 3, "nested": {"a": [1, 2.5]}})
    assert provider.resolve_boolean_details("nudges", False, someone).value is True
    assert provider.resolve_boolean_details("nudges", False, EvaluationContext()).value is True


def test_a_shed_flag_is_safe_and_says_why(provider: OFREPProvider, nudges: Flag) -> None:
    rows.shed(nudges)
    details = provider.resolve_boolean_details("nudges", default_value=True)
    assert (details.value, details.reason, details.variant) == (False, Reason.TARGETING_MATCH, "off")
    assert details.flag_metadata == {
        "tier": 3,
        "state": "shed",
        "service": nudges.service.name,
        "safe": False,
        "cause": "checkout burns",
        "since": "2026-03-02T12:00:00Z",
    }


def test_a_forced_flag_is_what_a_person_said(provider: OFREPProvider, nudges: Flag) -> None:
    rows.shed(nudges)
    now = datetime.now(UTC)
    flags.force("nudges", True, user=None, reason="needed", until=now + timedelta(hours=1), at=now)
    details = provider.resolve_boolean_details("nudges", default_value=False)
    assert (details.value, details.reason) == (True, Reason.TARGETING_MATCH)
    assert details.flag_metadata["cause"] == "needed"


def test_an_unknown_flag_is_not_found(provider: OFREPProvider) -> None:
    with pytest.raises(FlagNotFoundError, match="There is no flag with the key 'gone'"):
        provider.resolve_boolean_details("gone", default_value=False)


def test_a_flag_is_a_boolean_and_nothing_else(provider: OFREPProvider) -> None:
    with pytest.raises(TypeMismatchError):
        provider.resolve_string_details("nudges", default_value="x")


def test_a_context_that_is_wrong_is_refused_in_the_providers_words(provider: OFREPProvider) -> None:
    with pytest.raises(OpenFeatureError, match="`targetingKey` is not a text"):
        provider.resolve_boolean_details("nudges", False, EvaluationContext(attributes={"targetingKey": 5}))


@pytest.fixture
def _more_than_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    more = [
        Served("colour", "blue", "grey", variant="b"),
        Served("most", 5, 1),
        Served("share", 35.0, 0.0),
        Served("capability.orders", {"mode": "full", "because": []}, {"mode": "gone"}, state="degraded"),
    ]
    monkeypatch.setattr(memory, "_parts", lambda: (Part("more", lambda _: more),))


@pytest.mark.usefixtures("_more_than_flags")
def test_values_of_every_type_arrive_as_they_are(provider: OFREPProvider) -> None:
    colour = provider.resolve_string_details("colour", "")
    assert (colour.value, colour.variant) == ("blue", "b")
    assert provider.resolve_integer_details("most", 0).value == 5
    assert provider.resolve_float_details("share", 0.0).value == 35.0
    orders = provider.resolve_object_details("capability.orders", {})
    assert (orders.value, orders.reason) == ({"mode": "full", "because": []}, Reason.TARGETING_MATCH)


def test_a_dimmer_is_split_by_its_targeting_key(provider: OFREPProvider) -> None:
    item = rows.shed(rows.flag("suggestions", kind="dimmer"))
    item.shed_to = 50
    item.save()
    found = [provider.resolve_boolean_details("suggestions", True, EvaluationContext(f"u{n}")) for n in range(20)]
    assert {details.reason for details in found} == {Reason.SPLIT}
    assert {details.value for details in found} == {True, False}
    with pytest.raises(TargetingKeyMissingError, match="needs a targetingKey"):
        provider.resolve_boolean_details("suggestions", True, EvaluationContext())


def test_told_to_wait_the_provider_waits(provider: OFREPProvider, settings: Settings) -> None:
    settings.FLAG_RATE = 1
    for _ in range(2):
        assert provider.resolve_boolean_details("nudges", default_value=False).value is True
    with pytest.raises(GeneralError, match="Rate limited, retry after: 1"):
        provider.resolve_boolean_details("nudges", default_value=False)


def test_a_wrong_token_is_unauthorized(live_server: LiveServer, nudges: Flag) -> None:
    stranger = OFREPProvider(live_server.url, headers_factory=lambda: {"X-API-Key": "wrong"})
    with pytest.raises(OpenFeatureError, match="unauthorized") as caught:
        stranger.resolve_boolean_details("nudges", default_value=False)
    assert not isinstance(caught.value, GeneralError)


def test_an_api_key_will_do(live_server: LiveServer, nudges: Flag) -> None:
    token = issue_token("shop", "viewer", NOW)
    provider = OFREPProvider(live_server.url, headers_factory=lambda: {"X-API-Key": token})
    assert provider.resolve_boolean_details("nudges", default_value=False).value is True
