"""Tell Brownout how an application's own circuits are, so that the whole fleet's are seen together."""

import json
import ssl
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin

from brownout.http import TroubleError, ask


def report_circuits(
    url: str,
    token: str,
    reports: Iterable[Mapping[str, Any]],
    *,
    timeout: float = 5.0,
    context: ssl.SSLContext | None = None,
) -> None:
    """Send reports such as {"component": "orders", "client": "checkout-7", "state": "open", "calls": 40, "failed": 31}.

    A report counts for two minutes; the token needs the role operator. Waits up to `timeout` seconds for the answer:
    call it where that does not matter. Raises TroubleError when they were not accepted.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "User-Agent": "brownout-client"}
    body = json.dumps(list(reports)).encode()
    address = urljoin(url.rstrip("/") + "/", "api/v1/circuits/report")
    answer = ask("POST", address, headers, body, deadline=timeout, context=context)
    if answer.status != 202:
        raise TroubleError(f"status {answer.status}: {answer.body[:300].decode(errors='replace')}")
