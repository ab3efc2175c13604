"""Ask addresses outside whether they answer, each within its time, all within theirs."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import urljoin

import requests

TIMEOUT = 5
"""Seconds an address has for its answer."""
ALTOGETHER = 60
"""Seconds all of them have."""
_AT_ONCE = 8
_SOME = {"User-Agent": "Brownout check_runbooks", "Accept": "*/*"}
# It is there, and does not talk to strangers or to programs.
_THERE = {401, 403, 405, 429}


def dead_links(
    addresses: Iterable[str], *, timeout: float = TIMEOUT, altogether: float = ALTOGETHER
) -> list[tuple[str, str]]:
    """The addresses that lead nowhere, in order, with the reason in words."""
    wanted = list(dict.fromkeys(addresses))
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="links")
    asked = {pool.submit(_ask, address, timeout): address for address in wanted}
    done, late = wait(asked, altogether)
    pool.shutdown(wait=False, cancel_futures=True)
    reasons = {asked[job]: job.result() for job in done} | {asked[job]: "it was too late to ask" for job in late}
    return [(address, reasons[address]) for address in wanted if reasons[address]]


def _ask(address: str, timeout: float) -> str:
    """Why an address is dead; empty if it is not. The body is not read, so a slow or endless one holds up nothing."""
    url = urljoin("https://", address) if address.startswith("//") else address
    try:
        with requests.get(url, timeout=timeout, stream=True, headers=_SOME) as answer:
            status = answer.status_code
    except requests.Timeout:
        return f"no answer within {timeout:g} s"
    except requests.TooManyRedirects:
        return "it redirects in circles"
    except requests.exceptions.SSLError:
        return "its certificate is not accepted"
    except requests.ConnectionError:
        return "nothing can be reached there"
    except (requests.RequestException, ValueError, UnicodeError) as error:
        return f"{type(error).__name__}: {error}"[:200]
    return "" if status < 400 or status in _THERE else f"it answers {status}"
