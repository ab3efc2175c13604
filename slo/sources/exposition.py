"""Reads a service's `/metrics` page: text format or OpenMetrics."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import requests
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from slo.errors import SourceError
from slo.sources.connection import Access
from slo.sources.http import cause, shown
from slo.sources.promql import START

# A page larger than this is no page of metrics that anyone scrapes.
LARGEST = 32 * 1024 * 1024
ACCEPT = "text/plain;version=0.0.4,application/openmetrics-text;version=1.0.0;q=0.5"
_RAW_NAME = re.compile(r"^[a-zA-Z_:][a-zA-Z0-9_:]*", re.MULTILINE)

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The samples of one target by metric name, and when its process started, if it says so."""

    series: Mapping[str, list[tuple[Labels, float]]]
    started: float | None


def fetch(url: str, timeout: float, access: Access) -> Page:
    """The metrics at the address, within `timeout` seconds in all. Raises SourceError."""
    try:
        with (
            access.session() as session,
            session.get(url, headers={"Accept": ACCEPT}, timeout=timeout, stream=True) as response,
        ):
            if response.status_code != requests.codes.ok:
                raise SourceError(f"{shown(url)} answered {response.status_code}")
            body = _body(response, url, time.monotonic() + timeout)
            return read(body, response.headers.get("Content-Type", ""), url)
    except requests.RequestException as error:
        raise SourceError(f"{shown(url)} does not answer: {cause(error, access.hide)}") from None


def read(body: str, content_type: str, url: str) -> Page:
    """The page in a body. Raises SourceError when it holds no metrics."""
    openmetrics = content_type.startswith("application/openmetrics-text")
    try:
        families = list((parse_openmetrics if openmetrics else parse_text)(body))
    except (ValueError, KeyError, IndexError, TypeError):
        families = []
    if not families:
        kind = content_type.split(";", maxsplit=1)[0] or "something"
        raise SourceError(f"{shown(url)} answered with {kind} that holds no metrics; is the path right?")
    series = _by_name(families, set(_RAW_NAME.findall(body)))
    return Page(series, series[START][0][1] if START in series else None)


def _body(response: requests.Response, url: str, deadline: float) -> str:
    parts, size = [], 0
    for part in response.iter_content(65_536):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise SourceError(f"{shown(url)} answered with more than {LARGEST // 1024**2} MiB; that is no metrics page")
        if time.monotonic() > deadline:
            raise SourceError(f"{shown(url)} does not answer: no full answer in time")
    return b"".join(parts).decode("utf-8", "replace")


def _by_name(families: Iterable[Metric], written: set[str]) -> dict[str, list[tuple[Labels, float]]]:
    series: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
    for family in families:
        for sample in family.samples:
            # The parser adds `_total` to counters that are written without it.
            name = sample.name if sample.name in written else sample.name.removesuffix("_total")
            series[name].append((sample.labels, sample.value))
    return dict(series)
