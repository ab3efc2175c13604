"""The web server's entry: flags for applications first, everything else behind them."""

import os
from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

from degradation.ofrep.wsgi import FlagServer  # noqa: E402 - it needs Django's settings

# As many as there are connections to PostgreSQL. The threads of a server that holds hundreds of event streams are not
# for pages, and pages that are stuck leave the flags alone.
PLACES = BoundedSemaphore(8)


def pages(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Django, so many requests at a time; whether this process is alive is always answered."""
    if environ["PATH_INFO"] == "/health/live":
        return django(environ, start)
    with PLACES:
        return django(environ, start)


application = FlagServer(pages)
