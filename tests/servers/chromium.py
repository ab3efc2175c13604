"""The distribution's Chromium, driven by Playwright."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.servers.process import find

FLAGS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser. Raises MissingServerError where Chromium is not installed."""
    program = find("chromium", "chromium")
    # Playwright's sync API keeps an event loop running in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Console:
    """What a page complains of: console errors, uncaught errors, violations of the Content-Security-Policy."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self._allowed: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", self._catch)

    def allow(self, pattern: str) -> None:
        """Expect complaints that match a regular expression: ERR_CONNECTION_REFUSED after a server stopped."""
        self._allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """The complaints nobody allowed."""
        return [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self._allowed)]

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            place = message.location
            self.complaints.append(f"{message.text} ({place.get('url', '')}:{place.get('lineNumber', '')})")

    def _catch(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error}")
