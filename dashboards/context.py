"""The shell around every page: what the base template needs, whoever renders it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dashboards.access import may_read, role
from dashboards.presenters.shell import RAIL, SETTINGS, Entry, Strip, strip
from slo.services.access import includes

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True, slots=True)
class Shell:
    """Rail, strip, theme and rights. The strip is read when a template first asks for it."""

    rail: tuple[Entry, ...]
    section: str
    theme: str
    next_theme: str
    refresh: int
    readable: bool
    operator: bool
    here: str

    @property
    def place(self) -> str:
        """The entry of the rail that the page belongs to, in words; empty for a page outside of it."""
        entries = (inner for entry in self.rail for inner in (entry, *entry.below))
        return next((entry.title for entry in entries if entry.url == self.section), "")

    @property
    def strip(self) -> Strip | None:
        return strip() if self.readable else None


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the shell, and the instant the page is rendered for unless the view names one."""
    if request.path.startswith("/admin/"):
        return {}
    return {"shell": _shell(request), "at": datetime.now(UTC)}


def _shell(request: HttpRequest) -> Shell:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    theme = theme if theme in THEMES else THEMES[0]
    user = getattr(request, "user", None)
    operator = user is not None and includes(role(request), "operator")
    match = request.resolver_match
    return Shell(
        rail=(*RAIL, SETTINGS) if operator else RAIL,
        section=_SECTIONS.get(name := (match.url_name or "") if match else "", name),
        theme=theme,
        next_theme=THEMES[(THEMES.index(theme) + 1) % len(THEMES)],
        refresh=max(5, settings.TICK_SECONDS),
        readable=user is not None and may_read(request),
        operator=operator,
        here=request.get_full_path(),
    )


# Pages that belong to an entry of the rail without being it.
_SECTIONS = {
    **dict.fromkeys(("objective", "new-objective", "edit-objective", "delete-objective"), "objectives"),
    "alert": "alerts",
    "post-mortem": "alerts",
    "channel": "channels",
    "flag": "flags",
    "component": "components",
    **dict.fromkeys(("runbook", "new-runbook", "edit-runbook", "runbook-versions", "run"), "runbooks"),
    **dict.fromkeys(("new-document", "edit-document", "new-token", "invite", "change-person"), "settings"),
    "system": "availability",
    "dependencies": "components",
}
