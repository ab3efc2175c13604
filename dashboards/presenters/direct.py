"""How an SLI without a query is measured, in words: a check that Brownout runs, or counts that are sent to it."""

from typing import Any

from dashboards import formats
from slo.models import Objective
from slo.services.events import LATEST
from slo.sources.events import heartbeat


def described(item: Objective) -> tuple[str, str] | None:
    """What it is called, and its text; None where there are queries instead."""
    if "probe" in item.sli:
        return "check", "\n".join(_check(item.sli["probe"]))
    if "events" in item.sli:
        often, late = formats.duration(heartbeat(item.sli["events"])), formats.duration(LATEST)
        example = f'[{{"objective": "{item.name}", "id": "…", "good": 99, "total": 100}}]'
        return "posts", f"POST /api/v1/events\n{example}\nat least every {often}, at most {late} late"
    return None


def _check(check: dict[str, Any]) -> list[str]:
    lines = [f"TCP {check['tcp']}" if check.get("tcp") else f"{check.get('method', 'GET')} {check.get('url', '')}"]
    every, within = check.get("interval", 60), check.get("max_seconds") or check.get("timeout", 5)
    lines.append(f"every {formats.duration(every)}, good within {within:g} s")
    if check.get("url"):
        statuses = check.get("expected_status", [[200, 299]])
        lines.append("status " + " or ".join(f"{low}" if low == high else f"{low}–{high}" for low, high in statuses))
    if check.get("body_match"):
        lines.append(f"body matches {check['body_match']}")
    if check.get("tls_expiry_days") is not None:
        lines.append(f"certificate valid for {check['tls_expiry_days']} d more")
    return lines
