"""One attempt at a check: connect, ask, look at the answer, all before one deadline.

Written on sockets, since the certificate and the exact reason of a failure matter here, and no answer, however slowly
it trickles in, may last longer than the check allows. Proxies of the environment are not used: this looks from here.
"""

import errno
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, urljoin, urlsplit

from requests.utils import requote_uri

from slo.errors import SourceError
from slo.sources.connection import REDIRECTS, Access, Value, resolved

# How much of a body is read and matched, in bytes.
LARGEST = 262_144
DAY = 86_400
LATE = "no full answer in time"
# What is wrong here and not there: no network, no free port, descriptor or memory.
_OURS = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOBUFS,
}
_MOVED = {301, 302, 303, 307, 308}


class FailedError(Exception):
    """The check failed: what was found instead, in a few words."""


class UnableError(Exception):
    """The check could not be made, through no fault of its target: it says nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """What is checked, as `slo.openslo.direct.Probe` describes it; times in seconds."""

    url: str = ""
    tcp: str = ""
    method: str = "GET"
    interval: int = 60
    timeout: float = 5
    max_seconds: float | None = None
    expected_status: tuple[tuple[int, int], ...] = ((200, 299),)
    body_match: str = ""
    tls_expiry_days: int | None = None
    headers: Mapping[str, Value] = field(default_factory=dict)
    follow_redirects: bool = True


def attempt(check: Check, access: Access, tls: ssl.SSLContext) -> str:
    """What does not hold, in a few words; empty when everything does. Raises UnableError."""
    if not (check.url or check.tcp):
        raise UnableError("it names neither a url nor a tcp address")
    start = time.monotonic()
    try:
        with _Line(start + check.timeout, tls) as line, _translated(line.deadline):
            if check.tcp:
                host, _, port = check.tcp.rpartition(":")
                line.connect(host.strip("[]"), int(port), secure=check.tls_expiry_days is not None)
                _check_expiry(line, check)
            else:
                _fetch(check, access, line)
    except FailedError as failure:
        return str(failure)
    seconds = time.monotonic() - start
    if check.max_seconds is not None and seconds > check.max_seconds:
        return f"{seconds:.2g} s instead of at most {check.max_seconds:g} s"
    return ""


class _Line:
    """A connection at a time, cut at the deadline (of the monotonic clock) whatever it is doing then."""

    def __init__(self, deadline: float, tls: ssl.SSLContext) -> None:
        self.deadline = deadline
        self._tls = tls
        self.socket: socket.socket | None = None
        self._watch = threading.Timer(deadline - time.monotonic(), self._cut)
        self._watch.daemon = True

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self.close()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def connect(self, host: str, port: int, *, secure: bool) -> socket.socket:
        """Connect to the host, with TLS where it is to be secure."""
        self.close()
        self.socket = self._reach(host, port)
        if secure:
            self.socket = wrapped = self._tls.wrap_socket(
                self.socket, server_hostname=host, do_handshake_on_connect=False
            )
            wrapped.do_handshake()
        return self.socket

    def expiry(self) -> float | None:
        """When the certificate of the other side expires, in epoch seconds."""
        found = self.socket.getpeercert() if isinstance(self.socket, ssl.SSLSocket) else None
        return float(ssl.cert_time_to_seconds(str(found["notAfter"]))) if found else None

    def _reach(self, host: str, port: int) -> socket.socket:
        addresses = _addresses(host, port)
        failures: list[OSError] = []
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            # An address that swallows everything must leave time for the next one.
            seconds = (self.deadline - time.monotonic()) / (len(addresses) - tried)
            try:
                self.socket = socket.socket(family, kind, protocol)
                self.socket.settimeout(max(seconds, 0.001))
                self.socket.connect(address)
            except OSError as error:
                failures.append(error)
                self.close()
            else:
                self.socket.settimeout(max(self.deadline - time.monotonic(), 0.001))
                return self.socket
        raise next((error for error in failures if error.errno not in _OURS), failures[0])

    def _cut(self) -> None:
        connected = self.socket
        if connected is not None:
            with suppress(OSError):
                # Not the method of TLS sockets, which pulls the rug from under the thread that reads.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _addresses(host: str, port: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            raise FailedError(f"there is no host named {host[:100]}") from None
        raise UnableError(f"the name {host[:100]} cannot be looked up: {error.strerror}") from None
    except UnicodeError:
        raise FailedError(f"{host[:100]} is no name of a host") from None


@contextmanager
def _translated(deadline: float) -> Iterator[None]:
    failure = ""
    try:
        yield
    except FailedError as error:
        failure = str(error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, OSError) and error.errno in _OURS:
            raise UnableError(f"this machine cannot connect: {error.strerror}") from None
        failure = _words(error)
    # A connection that was cut looks like one that ended, so whatever was found then means nothing.
    if time.monotonic() >= deadline:
        raise FailedError(LATE)
    if failure:
        raise FailedError(failure)


def _words(error: Exception) -> str:
    match error:
        case TimeoutError():
            return LATE
        case ssl.SSLCertVerificationError():
            return f"the certificate is refused: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS fails: {(error.reason or 'no common ground').replace('_', ' ').lower()}"
        case http.client.RemoteDisconnected() | ConnectionResetError() | BrokenPipeError():
            return "the connection was closed without an answer"
        case OSError():
            return (error.strerror or type(error).__name__).lower()
    return "the answer is no HTTP"


def _fetch(check: Check, access: Access, line: _Line) -> None:
    """Ask for the address, follow where it leads, and look at the last answer. Raises FailedError."""
    secrets: list[str] = []
    try:
        headers = {**access.headers, **dict(resolved(check.headers, secrets))}
    except SourceError as error:
        raise UnableError(str(error)) from None
    method, place = check.method, urlsplit(requote_uri(check.url))
    for _ in range(REDIRECTS + 1):
        with _ask(method, place, headers, line) as answer:
            _check_expiry(line, check)
            target = answer.getheader("Location") if check.follow_redirects and answer.status in _MOVED else None
            if target is None:
                _judge(check, answer)
                return
        there = urlsplit(requote_uri(urljoin(place.geturl(), target)))
        if there.scheme not in {"http", "https"} or not there.hostname:
            raise FailedError(f"redirected to {there.scheme[:20] or 'nowhere'}:, which is not followed")
        if _origin(there) != _origin(place):
            headers = {}
        if method == "POST" and answer.status not in {307, 308}:
            method = "GET"
        place = there
    raise FailedError(f"more than {REDIRECTS} redirects")


def _origin(place: SplitResult) -> tuple[str, str | None, int]:
    return place.scheme, place.hostname, place.port or (443 if place.scheme == "https" else 80)


def _ask(method: str, place: SplitResult, headers: Mapping[str, str], line: _Line) -> http.client.HTTPResponse:
    scheme, host, port = _origin(place)
    name = (host or "").encode("idna").decode() if not (host or "").isascii() else host or ""
    connection = http.client.HTTPConnection(name, port)
    connection.sock = line.connect(name, port, secure=scheme == "https")
    connection.putrequest(
        method,
        (place.path or "/") + (f"?{place.query}" if place.query else ""),
        skip_host=True,
        skip_accept_encoding=True,
    )
    own = {"Host": place.netloc.rpartition("@")[2], "User-Agent": "Brownout", "Accept": "*/*", "Connection": "close"}
    own |= {"Accept-Encoding": "identity"} | ({"Content-Length": "0"} if method == "POST" else {})
    given = {header.lower() for header in headers}
    for header, value in (*((h, v) for h, v in own.items() if h.lower() not in given), *headers.items()):
        connection.putheader(header, value)
    connection.endheaders()
    return connection.getresponse()


def _judge(check: Check, answer: http.client.HTTPResponse) -> None:
    if not any(low <= answer.status <= high for low, high in check.expected_status):
        raise FailedError(f"{answer.status} instead of {_listed(check.expected_status)}")
    body = answer.read(LARGEST)
    if answer.length and len(body) < LARGEST:
        raise FailedError("the answer ends early")
    if check.body_match and not re.search(check.body_match, body.decode("utf-8", "replace")):
        raise FailedError(f"the body does not match {check.body_match[:80]}")


def _listed(statuses: tuple[tuple[int, int], ...]) -> str:
    return " or ".join(str(low) if low == high else f"{low}–{high}" for low, high in statuses)


def _check_expiry(line: _Line, check: Check, now: Callable[[], float] = time.time) -> None:
    expires = line.expiry()
    if check.tls_expiry_days is None or expires is None:
        return
    left = expires - now()
    if left < check.tls_expiry_days * DAY:
        raise FailedError(f"certificate expires in {left / DAY:.0f} d" if left >= DAY else "certificate expires today")
