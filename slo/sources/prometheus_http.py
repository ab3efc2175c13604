"""The HTTP of the Prometheus source: range queries as form bodies, quick retries, and errors told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, NamedTuple, Self

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from urllib3.util.retry import Retry

from slo.errors import BrownoutError, QueryError, SourceError
from slo.openslo.connection import TENANT
from slo.sources.connection import Access, Session
from slo.sources.http import cause, shown

# Prometheus says 400 to what it cannot parse and 422 to what it cannot execute.
REFUSED = (400, 422)
RETRIES = Retry(
    total=2, read=0, status_forcelist=(502, 503, 504), allowed_methods=None, backoff_factor=0.1, raise_on_status=False
)


class Bucket(NamedTuple):
    """The events of a native histogram between two boundaries."""

    low: float
    high: float
    events: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a range answer; instants in milliseconds since the epoch.

    Of native histograms, the last one's buckets are told.
    """

    labels: Mapping[str, str]
    values: Sequence[tuple[int, float]]
    buckets: Sequence[Bucket] = ()


class _Session(Session):
    """Puts the parameters of a POST into its body: fused queries are longer than an address may be."""

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        if method == "POST":
            options["data"] = options.pop("params", None)
        response = super().request(method, url, **options)
        if response.status_code in REFUSED:
            raise QueryError(self.hide(_reason(response))[:500])
        return response


class Server:
    """A connection to the Prometheus at `url`, to be used as a context manager."""

    def __init__(self, url: str, timeout: float, access: Access) -> None:
        self._name = f"Prometheus at {shown(url)}"
        self._hide = access.hide
        self._session = _Session(access)
        self._url, self._timeout = url.rstrip("/"), timeout
        self.key = f"{self._url} {access.headers.get(TENANT, '')}"
        self._client = PrometheusConnect(
            self._url, retry=RETRIES, session=self._session, timeout=timeout, method="POST"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def targets(self) -> Sequence[object]:
        """What is scraped, as Prometheus lists it; nothing where the server does not tell."""
        try:
            address = f"{self._url}/api/v1/targets"
            answer = self._session.get(address, params={"state": "active"}, timeout=self._timeout).json()
            found = answer["data"]["activeTargets"]
        except (requests.RequestException, BrownoutError, KeyError, TypeError):
            return []
        return found if isinstance(found, list) else []

    def status(self, name: str) -> Any:
        """The `data` of /api/v1/status/<name>; None where the server does not tell."""
        try:
            answer = self._session.get(f"{self._url}/api/v1/status/{name}", timeout=self._timeout)
            return answer.json()["data"] if answer.ok else None
        except (requests.RequestException, BrownoutError, KeyError, TypeError):
            return None

    def range(self, query: str, first: int, last: int, step: int) -> list[Series]:
        """The series of a range query; instants and step in milliseconds.

        Raises QueryError when the query is refused, SourceError when there is no proper answer.
        """
        # The client rounds instants to seconds; parameters given by hand win over its own.
        exact = {"start": _seconds(first), "end": _seconds(last), "step": _seconds(step)}
        start, end = (datetime.fromtimestamp(moment / 1000, UTC) for moment in (first, last))
        try:
            found = self._client.custom_query_range(query, start, end, exact["step"], params=exact)
            return [_series(item) for item in found]
        except requests.JSONDecodeError:
            raise SourceError(f"{self._name} does not answer as Prometheus does; is the address right?") from None
        except requests.RequestException as error:
            raise SourceError(f"{self._name} does not answer: {cause(error, self._hide)}") from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise SourceError(f"{self._name} does not answer as Prometheus does; is the address right?") from None
        except PrometheusApiClientException as error:
            raise SourceError(f"{self._name} does not answer: {self._hide(str(error))[:300]}") from None


def _series(item: Mapping[str, Any]) -> Series:
    if "histograms" in item:
        _, last = item["histograms"][-1]
        return Series(item["metric"], [], [Bucket(*map(float, bucket[1:])) for bucket in last.get("buckets", ())])
    values = [(round(float(moment) * 1000), float(value)) for moment, value in item["values"]]
    return Series(item["metric"], values)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def _reason(response: requests.Response) -> str:
    try:
        return str(response.json()["error"])
    except (requests.JSONDecodeError, KeyError, TypeError):
        raise SourceError(
            f"{shown(response.url)} answered {response.status_code}, but not as Prometheus does; is the address right?"
        ) from None
