"""Slack, by an incoming webhook: blocks, with a plain text for notifications and for what shows no blocks.

Whatever people wrote is escaped, so that no title notifies a channel or dresses up a link. A webhook takes about one
message a second: a quicker one waits.
"""

import hashlib
import threading
import time
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels.base import Answer
from alerts.channels.http import Poster
from alerts.rules.bundle import Bundle
from alerts.rules.message import Message
from alerts.rules.words import clip
from slo.openslo.connection import Reference, Secret
from slo.openslo.schema import Spec

PAUSE_SECONDS = 1.0
# Slack's own limits: 50 blocks, 3000 characters a text, 2000 a field, 10 fields.
TEXT_LENGTH, FIELD_LENGTH, FIELDS = 3000, 2000, 10
# More than a screen nobody reads.
TOLD_IN_FULL, TOLD_BY_A_LINE = 5, 20
MARKS = {"page": "■", "ticket": "▲", "test": "○"}
_SHORT = ("Burning", "Budget left", "Service", "Since", "Exhausted", "Shed", "Taken on by", "Cost", "Until")


class SlackSpec(Spec):
    """`url` is the incoming webhook's address. Whoever has it can post there, so it is a secret."""

    url: Secret


class Slack:
    spec: ClassVar[type[Spec]] = SlackSpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = False

    def __init__(self, url: Reference) -> None:
        self._poster, self._url = Poster(url), url

    @classmethod
    def build(cls, spec: SlackSpec) -> Self:
        return cls(spec.url)

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        _PACE.wait(self._url)
        return self._poster.post(payload(bundle), at)

    def close(self) -> None:
        self._poster.close()


class _Pace:
    """Spreads what one process sends to one webhook."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}

    def wait(self, url: Reference) -> None:
        """Wait for this webhook's turn."""
        place = hashlib.sha256(url.model_dump_json().encode()).hexdigest()
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free.get(place, 0.0))
            self._free[place] = turn + PAUSE_SECONDS
        time.sleep(turn - now)


_PACE = _Pace()


def payload(bundle: Bundle) -> dict[str, Any]:
    """The message as Slack takes it; links in it are ours alone, and are not unfolded."""
    blocks = [_section(f"*{_mark(bundle)} {_linked(bundle.summary, bundle.url)}*")]
    for item in bundle.items[:TOLD_IN_FULL]:
        blocks += _alert(item, alone=len(bundle.items) == 1)
    blocks += _rest(bundle)
    return {
        "text": escaped(f"{_mark(bundle)} {bundle.summary}"),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escaped(text: str) -> str:
    """Text that means nothing to Slack: `<!channel>`, `<@user>` and links become what they look like."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mark(bundle: Bundle) -> str:
    if not bundle.open:
        return "●"
    return "◐" if bundle.event == "acknowledged" else MARKS.get(bundle.severity, "▲")


def _linked(text: str, url: str) -> str:
    shown = escaped(text)
    if not url:
        return shown
    # A bar or a line break would end the text of the link.
    address = escaped(url).replace("|", "%7C").replace(" ", "%20")
    return f"<{address}|{shown.replace('|', '¦')}>"


def _section(text: str, **more: Any) -> dict[str, Any]:
    # Verbatim: addresses and names in it stay text.
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, TEXT_LENGTH), "verbatim": True}, **more}


def _cut(text: str, limit: int) -> str:
    """At most so many characters, without half an entity at the end."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    head, ampersand, tail = kept.rpartition("&")
    return (head if ampersand and ";" not in tail else kept) + "…"


def _alert(item: Message, *, alone: bool) -> list[dict[str, Any]]:
    facts = dict(item.facts)
    why = escaped(clip(facts.get("Why", ""), FIELD_LENGTH))
    head = why if alone else f"*{_linked(item.summary, item.page_url)}*\n{why}"
    found = [f"*{label}*\n{escaped(clip(facts[label], FIELD_LENGTH // 2))}" for label in _SHORT if label in facts]
    fields = [{"type": "mrkdwn", "text": _cut(text, FIELD_LENGTH), "verbatim": True} for text in found[:FIELDS]]
    links = [("Runbook", item.runbook_url), ("Details", item.page_url), *item.links]
    next_step = " · ".join(f"<{escaped(url)}|{escaped(label)}>" for label, url in links if url)
    blocks = [_section(head or escaped(item.summary), **({"fields": fields} if alone and fields else {}))]
    return [*blocks, _section(next_step)] if next_step else blocks


def _rest(bundle: Bundle) -> list[dict[str, Any]]:
    """Those that are not told in full: some by a line, the others by their number."""
    others = bundle.items[TOLD_IN_FULL:]
    lines = [f"• {_linked(item.summary, item.page_url)}" for item in others[:TOLD_BY_A_LINE]]
    # A text may hold 3000 characters, and a line up to some 500.
    blocks = [_section("\n".join(lines[at : at + 4])) for at in range(0, len(lines), 4)]
    left = len(others) - TOLD_BY_A_LINE
    if left > 0:
        blocks.append(_section(_linked(f"and {left} more", bundle.url)))
    return blocks
