"""The official OpenFeature provider for OFREP, over the wire."""

from datetime import UTC, datetime, timedelta

import pytest
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, GeneralError, OpenFeatureError, TypeMismatchError
from openfeature.flag_evaluation import Reason
from pytest_django.live_server_helper import LiveServer

from degradation.models import Flag
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


def test_a_wrong_token_is_unauthorized(live_server: LiveServer, nudges: Flag) -> None:
    stranger = OFREPProvider(live_server.url, headers_factory=lambda: {"X-API-Key": "wrong"})
    with pytest.raises(OpenFeatureError, match="unauthorized") as caught:
        stranger.resolve_boolean_details("nudges", default_value=False)
    assert not isinstance(caught.value, GeneralError)


def test_an_api_key_will_do(live_server: LiveServer, nudges: Flag) -> None:
    token = issue_token("shop", "viewer", NOW)
    provider = OFREPProvider(live_server.url, headers_factory=lambda: {"X-API-Key": token})
    assert provider.resolve_boolean_details("nudges", default_value=False).value is True
