"""The world asks for its flags as any application would: OFREP, all at once, with an ETag."""

import logging
from dataclasses import dataclass, field

import requests

log = logging.getLogger("world")
TIMEOUT = 3.0


@dataclass
class Flags:
    """The flags that are off, as last heard. While nobody answers, the last answer holds."""

    url: str
    token: str
    off: frozenset[str] = frozenset()
    _etag: str = ""
    _silent: bool = False
    _session: requests.Session = field(default_factory=requests.Session)

    def refresh(self) -> None:
        """Ask once; a failure is told once and changes nothing."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if self._etag:
            headers["If-None-Match"] = self._etag
        try:
            answer = self._session.post(
                f"{self.url}/ofrep/v1/evaluate/flags", json={"context": {}}, headers=headers, timeout=TIMEOUT
            )
            answer.raise_for_status()
            if answer.status_code == requests.codes.ok:
                self._take(answer)
        except (requests.RequestException, ValueError, KeyError) as error:
            if not self._silent:
                log.warning("No flags from %s (%s); the last known values hold", self.url, type(error).__name__)
            self._silent = True
            return
        if self._silent:
            log.info("Flags from %s again", self.url)
        self._silent = False

    def _take(self, answer: requests.Response) -> None:
        self._etag = answer.headers.get("ETag", "")
        off = frozenset(flag["key"] for flag in answer.json()["flags"] if flag.get("value") is False)
        if off != self.off:
            log.info("Flags off: %s", ", ".join(sorted(off)) or "none")
        self.off = off
