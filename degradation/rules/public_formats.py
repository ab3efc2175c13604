"""The public status for programs: the JSON of common status pages, an Atom feed and badges. PURE.

The JSON is that of Statuspage's `/api/v2/`, which readers of many status pages understand. `site` is the address of
Brownout without a slash at the end, `name` what users call the system.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from degradation.rules.public import PublicCapability, PublicIncident, PublicStatus, PublicUpdate

PAGE = "brownout"
WORDS: Mapping[str, str] = {
    "operational": "works",
    "degraded_performance": "limited",
    "partial_outage": "partly out",
    "major_outage": "out",
    "under_maintenance": "maintenance",
    "unknown": "not known",
}
INDICATORS: Mapping[str, str] = {
    "none": "Everything works",
    "minor": "Some things work with limits",
    "major": "Some things do not work at the moment",
    "critical": "Nothing works at the moment",
}
# Dark enough for white letters.
_COLOURS: Mapping[str, str] = {
    "operational": "#1a7a4c",
    "degraded_performance": "#8f5b00",
    "partial_outage": "#b5271d",
    "major_outage": "#b5271d",
    "under_maintenance": "#2a55c4",
    "unknown": "#5d6066",
}
_OF_INDICATOR = {"none": "operational", "minor": "degraded_performance", "major": "partial_outage"}
_MAINTENANCE = {"monitoring": "verifying", "resolved": "completed"}
_ATOM = "http://www.w3.org/2005/Atom"


def description(status: PublicStatus) -> str:
    """The whole page in a sentence."""
    if not status.capabilities and not status.open:
        return "Nothing has been judged yet"
    if status.indicator == "minor" and not any(item.known for item in status.capabilities) and not status.open:
        return "Not known at the moment"
    if status.indicator == "critical" and any(item.status != "major_outage" for item in status.capabilities):
        return "A severe disruption"
    if status.indicator == "none" and any(item.impact == "maintenance" for item in status.open):
        return "Maintenance is under way"
    return INDICATORS[status.indicator]


def status_json(status: PublicStatus, site: str, name: str) -> dict[str, Any]:
    """`/api/v2/status.json`."""
    return {"page": _page(status, site, name), "status": _status(status)}


def components_json(status: PublicStatus, site: str, name: str) -> dict[str, Any]:
    """`/api/v2/components.json`: its components are our capabilities."""
    return {"page": _page(status, site, name), "components": _components(status)}


def summary_json(status: PublicStatus, site: str, name: str) -> dict[str, Any]:
    """`/api/v2/summary.json`: with the incidents and maintenances that are not over."""
    return {
        "page": _page(status, site, name),
        "components": _components(status),
        "incidents": [incident_json(item, status, site) for item in status.open if item.impact != "maintenance"],
        "scheduled_maintenances": [
            {
                **incident_json(item, status, site),
                "status": _MAINTENANCE.get(item.state, "in_progress"),
                "scheduled_for": _iso(item.opened_at),
                "scheduled_until": None,
            }
            for item in status.open
            if item.impact == "maintenance"
        ],
        "status": _status(status),
    }


def incident_json(item: PublicIncident, status: PublicStatus, site: str) -> dict[str, Any]:
    """One incident, its updates newest first."""
    concerned = {name for name, _ in item.capabilities}
    return {
        "id": item.key,
        "name": item.title,
        "status": item.state,
        "created_at": _iso(item.opened_at),
        "updated_at": _iso(item.updated_at),
        "monitoring_at": _iso(_first(item, "monitoring")),
        "resolved_at": _iso(item.resolved_at),
        "impact": item.impact,
        "shortlink": address(item.key, site),
        "started_at": _iso(item.opened_at),
        "page_id": PAGE,
        "incident_updates": [
            {
                "id": f"{item.key}-{update.number}",
                "status": update.state,
                "body": update.text,
                "incident_id": item.key,
                "created_at": _iso(update.at),
                "updated_at": _iso(update.at),
                "display_at": _iso(update.at),
            }
            for update in item.updates
        ],
        "components": [_component(c, n) for n, c in enumerate(status.capabilities, 1) if c.name in concerned],
    }


def address(key: str, site: str) -> str:
    """Where an incident is told."""
    return f"{site}/status/incidents/{key}/"


def _page(status: PublicStatus, site: str, name: str) -> dict[str, Any]:
    url = f"{site}/status/"
    return {"id": PAGE, "name": name, "url": url, "time_zone": "Etc/UTC", "updated_at": _iso(status.at)}


def _status(status: PublicStatus) -> dict[str, str]:
    return {"indicator": status.indicator, "description": description(status)}


def _components(status: PublicStatus) -> list[dict[str, Any]]:
    return [_component(item, number) for number, item in enumerate(status.capabilities, 1)]


def _component(item: PublicCapability, position: int) -> dict[str, Any]:
    return {
        "id": item.name,
        "name": item.title,
        "status": item.status,
        "created_at": _iso(item.created_at),
        "updated_at": _iso(item.since),
        "position": position,
        "description": item.description or None,
        "showcase": True,
        "start_date": item.created_at.date().isoformat() if item.created_at else None,
        "group_id": None,
        "page_id": PAGE,
        "group": False,
        "only_show_if_degraded": False,
    }


def _first(item: PublicIncident, state: str) -> datetime | None:
    return min((update.at for update in item.updates if update.state == state), default=None)


def _iso(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if instant else None


def feed(status: PublicStatus, site: str, name: str, identity: str) -> bytes:
    """An Atom feed: an entry an incident, by an id that never changes, with all its updates.

    `identity` names the feed for ever (a URI); its `updated` is that of its newest incident.
    """
    ET.register_namespace("", _ATOM)
    root = ET.Element(_tag("feed"))
    _add(root, "id", identity)
    _add(root, "title", f"{name}: incidents")
    # Without any incident: the beginning, so that the feed stays as it is.
    newest = max((item.updated_at for item in status.incidents), default=datetime(1970, 1, 1, tzinfo=UTC))
    _add(root, "updated", _seconds(newest))
    ET.SubElement(root, _tag("link"), rel="self", type="application/atom+xml", href=f"{site}/status/feed.atom")
    ET.SubElement(root, _tag("link"), rel="alternate", type="text/html", href=f"{site}/status/")
    _add(ET.SubElement(root, _tag("author")), "name", name)
    for item in sorted(status.incidents, key=lambda incident: incident.updated_at, reverse=True):
        _entry(root, item, site)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _entry(root: ET.Element, item: PublicIncident, site: str) -> None:
    entry = ET.SubElement(root, _tag("entry"))
    _add(entry, "id", f"urn:uuid:{item.key}")
    _add(entry, "title", f"{item.title} ({item.state})")
    _add(entry, "published", _seconds(item.opened_at))
    _add(entry, "updated", _seconds(item.updated_at))
    ET.SubElement(entry, _tag("link"), rel="alternate", type="text/html", href=address(item.key, site))
    for _, title in item.capabilities:
        ET.SubElement(entry, _tag("category"), term=title)
    _add(entry, "content", "\n\n".join(_told(update) for update in item.updates)).set("type", "text")


def _told(update: PublicUpdate) -> str:
    return f"{update.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {update.state}: {update.text}"


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, _tag(name))
    element.text = "".join(c for c in text if _allowed(c))
    return element


def _allowed(character: str) -> bool:
    """XML 1.0 has no place for control characters and a few others."""
    code = ord(character)
    return code in {9, 10, 13} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _tag(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _seconds(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def word_of(status: PublicStatus) -> str:
    """The whole page as the status of one component."""
    if not status.capabilities and not status.open:
        return "unknown"
    return _OF_INDICATOR.get(status.indicator, "major_outage")


def badge(label: str, word: str) -> bytes:
    """A badge as SVG: what, and how it is (a status of components, or "unknown"), also in words for who cannot see."""
    text = WORDS[word]
    left, right = _width(label), _width(text)
    svg = ET.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", width=f"{left + right}", height="20", role="img",
        viewBox=f"0 0 {left + right} 20",
    )  # fmt: skip
    svg.set("aria-label", f"{label}: {text}")
    ET.SubElement(svg, "title").text = f"{label}: {text}"
    ET.SubElement(svg, "path", fill="#3a3d42", d=f"M3 0h{left - 3}v20h-{left - 3}a3 3 0 0 1-3-3v-14a3 3 0 0 1 3-3z")
    edge = f"M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z"
    ET.SubElement(svg, "path", fill=_COLOURS[word], d=edge)
    for middle, wide, words in ((left / 2, left, label), (left + right / 2, right, text)):
        letters = ET.SubElement(svg, "text", x=f"{middle:g}", y="14", fill="#fff", textLength=f"{wide - 12}")
        letters.attrib |= {"text-anchor": "middle", "font-family": "Verdana,DejaVu Sans,sans-serif", "font-size": "11"}
        letters.text = words
    return bytes(ET.tostring(svg, encoding="utf-8"))


def _width(text: str) -> int:
    """About how wide the letters are, in pixels, with a margin of 6 on both sides."""
    return 12 + round(sum(11 if ord(c) > 0x2E80 else 8 if c.isupper() or c in "mw" else 6.4 for c in text))
