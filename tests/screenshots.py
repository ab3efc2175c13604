"""`make screenshots`: the pictures of the README, taken from a demo of its own during its first incident.

`python -m tests.screenshots --url http://127.0.0.1:8000` takes them from a demo that runs already.
"""

import argparse
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page

from tests.servers import free_port, running, until
from tests.servers.chromium import chromium

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs"
LARGEST = 300_000  # bytes of one picture
PATIENCE = 300.0  # seconds until the demo runs and its incident is shed for


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: `docs/<name>.png`. A `link` of the page at `path` is followed first."""

    name: str
    path: str
    width: int = 1280
    height: int = 1000
    theme: str = "light"
    link: str = ""


SHOTS = (
    Shot("overview", "/"),
    Shot("alert", "/", link="[aria-labelledby=h-firing] th a"),
    Shot("objective", "/objectives/orders-availability/", theme="dark"),
    Shot("availability", "/availability/", link="main th a"),
    Shot("phone", "/", 390, 844, "dark", link="[aria-labelledby=h-firing] th a"),
    Shot("wallboard", "/wallboard/", 1920, 1080, "dark"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--url", help="of a demo that runs; without it one is started")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to put the pictures (default: docs)")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        url = arguments.url or stack.enter_context(demo())
        browser = stack.enter_context(running(chromium))
        _until_the_incident(browser, url)
        for shot in SHOTS:
            path = arguments.folder / f"{shot.name}.png"
            path.write_bytes(packed(_taken(browser, url, shot)))
            sys.stdout.write(f"{path.name}: {shot.width} × {shot.height}, {path.stat().st_size / 1000:.0f} kB\n")


@contextmanager
def demo() -> Iterator[str]:
    """A demo with data of its own; it is stopped and forgotten afterwards."""
    with tempfile.TemporaryDirectory() as data:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "manage.py", "demo", "--port", str(port), "--data", data]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            try:
                until(lambda: process.poll() is not None or _ready(url), timeout=PATIENCE, every=1)
                yield url
            finally:
                process.send_signal(signal.SIGINT)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/ready", timeout=5).ok
    except requests.RequestException:
        return False


def _until_the_incident(browser: Browser, url: str) -> None:
    """Until the overview shows an alert that pages and what was shed for it."""
    page = browser.new_page()

    def visible() -> bool:
        page.goto(url)
        words = page.locator("#strip").inner_text()
        return "page for" in words and "shed" in words

    until(visible, timeout=PATIENCE, every=2)
    page.close()


def _taken(browser: Browser, url: str, shot: Shot) -> bytes:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.theme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    try:
        page = context.new_page()
        _log_in(page, url, shot.path)
        if shot.link:
            page.locator(shot.link).first.click()
        page.wait_for_load_state("networkidle")
        page.locator("[data-plot]:not([data-linked])").first.wait_for(state="detached")
        page.mouse.move(0, 0)
        return page.screenshot()
    finally:
        context.close()


def _log_in(page: Page, url: str, path: str) -> None:
    page.goto(f"{url}/login/?next={path}")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill("demo-operator")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}{path}")


def packed(png: bytes) -> bytes:
    """The same picture, pressed as tightly as zlib can, without anything but its pixels."""
    chunks = list(_chunks(png))
    pixels = zlib.compress(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 9)
    head = next(body for kind, body in chunks if kind == b"IHDR")
    return png[:8] + b"".join(_chunk(*part) for part in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")))


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


if __name__ == "__main__":
    main()
