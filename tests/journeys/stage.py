"""Everything a journey looks at: the service, what watches it, and who is told."""

from dataclasses import dataclass
from typing import Any

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider

from tests.journeys.brownout import Brownout
from tests.journeys.catalog import OBJECTIVE
from tests.journeys.traffic import Traffic
from tests.servers import Alertmanager, Prometheus, Receiver, SimulatedService, Truth, until


class Application:
    """An application that reads its flags with the official OpenFeature client, over OFREP."""

    def __init__(self, url: str, token: str) -> None:
        provider = OFREPProvider(url, headers_factory=lambda: {"Authorization": f"Bearer {token}"})
        api.set_provider(provider, domain=url)
        self._client: OpenFeatureClient = api.get_client(domain=url)

    def sees(self, flag: str) -> bool:
        """The flag's value, told by Brownout: never a default of the client."""
        found = self._client.get_boolean_details(flag, default_value=False)
        assert found.error_code is None, f"{flag}: {found.error_code} {found.error_message}"
        return found.value


@dataclass(frozen=True, slots=True)
class Stage:
    service: SimulatedService
    traffic: Traffic
    prometheus: Prometheus
    alertmanager: Alertmanager
    pager: Receiver
    brownout: Brownout
    application: Application
    before: Truth  # what the service had counted when measuring began

    def alerts(self) -> list[dict[str, Any]]:
        """What the real Alertmanager holds of the objective."""
        return self.alertmanager.alerts(objective=OBJECTIVE)

    def messages(self) -> list[tuple[str, str]]:
        """(status, key) of every request the pager has taken, in order."""
        return [(request.json["status"], request.headers["idempotency-key"]) for request in list(self.pager.requests)]

    def ledger(self) -> tuple[float, float]:
        """(good, total) of the objective over its whole period."""
        sli = self.brownout.objective(OBJECTIVE)["sli"]
        return sli["good"], sli["total"]

    def truth(self) -> tuple[float, float]:
        """(good, total) by the service's own count, since measuring began."""
        now = self.service.truth
        return float(now.available - self.before.available), float(now.total - self.before.total)

    def await_equality(self, timeout: float = 20) -> None:
        """With no traffic: wait until the ledger has every event, and see that it does not gain any more."""
        until(
            lambda: self.ledger() == self.truth(),
            timeout,
            what=lambda: f"the ledger to be {self.truth()}; it is {self.ledger()}",
        )
        scrapes = self.service.scrapes
        until(lambda: self.service.scrapes >= scrapes + 4, what="four more scrapes")
        assert self.ledger() == self.truth()
