"""Any of the hundred services that Apprise knows: Teams, Telegram, ntfy, Matrix, Opsgenie and so on.

The URL (https://github.com/caronc/apprise/wiki) holds the service's credentials, so it is given by reference. Apprise
says only whether it worked and logs why: a status of 4xx refuses the message, anything else is tried again.
"""

import logging
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from alerts.channels.base import Answer, answer
from alerts.channels.http import TRY_LATER, capitalised, secret
from alerts.rules.bundle import Bundle
from slo.errors import SourceError
from slo.openslo.connection import Reference, Secret
from slo.openslo.schema import Spec
from slo.sources.secrets import Veil

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase

SECONDS = 8.0
# What it logs may quote a URL with its tokens; it comes back in the result, where they are hidden.
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("apprise").propagate = False
_STATUS = re.compile(r"\berror=(\d{3})\b")


class AppriseSpec(Spec):
    """`url` is an Apprise URL such as `tgram://token/chat`; one service a channel."""

    url: Secret


class Apprise:
    spec: ClassVar[type[Spec]] = AppriseSpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = False

    def __init__(self, url: Reference) -> None:
        self._url = url

    @classmethod
    def build(cls, spec: AppriseSpec) -> Self:
        return cls(spec.url)

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        try:
            url = secret(self._url)
        except SourceError as error:
            return answer("retry", capitalised(str(error)))
        service = _service(url)
        if service is None:
            place = self._url.from_env or self._url.from_file
            return answer("retry", f"What {place} holds is no URL that Apprise understands")
        return _judged(_notify(service, bundle), Veil(_parts(url)))

    def close(self) -> None:
        """Each message has its own connection."""


def _service(url: str) -> "NotifyBase | None":
    """The service of a URL; None for one that Apprise does not know."""
    # Takes its time to import: only those who use it pay.
    from apprise import Apprise as Services

    made = Services.instantiate(url)
    return made or None


def _notify(service: "NotifyBase", bundle: Bundle) -> "AppriseResult":
    from apprise import Apprise as Services
    from apprise import NotifyType

    types = {"resolved": NotifyType.SUCCESS, "acknowledged": NotifyType.INFO}
    urgent = NotifyType.FAILURE if bundle.severity == "page" else NotifyType.WARNING
    services = Services()
    services.add(service)
    return services.notify(
        title=bundle.summary, body=bundle.text, notify_type=types.get(bundle.event, urgent), timeout=SECONDS
    )


def _judged(result: "AppriseResult", hide: Veil) -> Answer:
    if result:
        return answer("accepted", "Handed over by Apprise")
    said = "; ".join(dict.fromkeys(hide(str(entry.message)) for entry in result.logs()))
    found = _STATUS.search(said)
    code = int(found[1]) if found else 0
    final = 400 <= code < 500 and code not in TRY_LATER
    return answer("refused" if final else "retry", said or "Apprise could not deliver it and did not say why")


def _parts(url: str) -> list[str]:
    """What a URL may hold that is secret: the whole, and every part long enough to be a token."""
    return [url, *(part for part in re.split(r"[/:@?&=,]+", url.partition("://")[2]) if len(part) > 3)]
