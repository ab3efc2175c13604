"""What is written as a document on the settings' pages: the word in the address, what people call it, an example."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document. `apart` kinds have a table of their own among the settings; some may be deleted there."""

    kind: str
    one: str
    many: str
    template: str
    apart: bool = False
    deletable: bool = False
    secret: bool = False


def _brownout(kind: str, name: str, spec: str) -> str:
    return f"apiVersion: brownout/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n{spec}"


def _openslo(kind: str, name: str, title: str, spec: str) -> str:
    head = f"apiVersion: openslo/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  displayName: {title}\n"
    return f"{head}spec:\n{spec}"


_SOURCE = """\
  type: prometheus
  connectionDetails:
    url: http://prometheus.example:9090
    scrapeInterval: 15s
"""
_CHANNEL = """\
  # or alertmanager, pagerduty, email, webhook, apprise
  type: slack
  description: Those on call for the shop
  severities: [page, ticket]
  connectionDetails:
    url: {fromEnv: SLACK_WEBHOOK_URL}
"""
_BURN = """\
  description: Slower than the SRE Workbook's
  windows:
    - {severity: page, long: 1h, short: 5m, factor: 14.4}
    - {severity: ticket, long: 3d, short: 6h, factor: 1}
"""
_COMPONENT = """\
  service: checkout
  tier: 2
"""
_CAPABILITY = """\
  service: checkout
  modes:
    - name: full
      when: payments
    - name: later
      message: We cannot take payments right now. Your basket is kept.
"""
_FLAG = """\
  service: checkout
  tier: 4
  description: Suggestions beside the basket
"""
_SYSTEM = """\
  service: checkout
  target: 0.999
  period: 30d
  structure: all(payments)
"""
_BUDGET = """\
  services: [checkout]
  steps:
    - {remaining: 0.25, action: freeze-risky, text: Only fixes go out}
"""
_SHEDDING = """\
  services: [checkout]
"""

KINDS = {
    "sources": DocumentKind(
        "DataSource", "source", "Sources", _openslo("DataSource", "prometheus", "Prometheus", _SOURCE),
        apart=True, deletable=True, secret=True,
    ),
    "services": DocumentKind(
        "Service", "service", "Services",
        _openslo("Service", "checkout", "Checkout", "  description: Takes the money\n"), apart=True, deletable=True,
    ),
    "channels": DocumentKind(
        "Channel", "channel", "Channels", _brownout("Channel", "on-call", _CHANNEL), apart=True, secret=True
    ),
    "components": DocumentKind("Component", "component", "Components", _brownout("Component", "payments", _COMPONENT)),
    "burn-policies": DocumentKind(
        "BurnPolicy", "burn policy", "Burn policies", _brownout("BurnPolicy", "patient", _BURN), deletable=True
    ),
    "budget-policies": DocumentKind(
        "ErrorBudgetPolicy", "error-budget policy", "Error-budget policies",
        _brownout("ErrorBudgetPolicy", "strict", _BUDGET), deletable=True,
    ),
    "capabilities": DocumentKind(
        "Capability", "capability", "Capabilities", _brownout("Capability", "paying", _CAPABILITY)
    ),
    "flags": DocumentKind("Flag", "flag", "Flags", _brownout("Flag", "suggestions", _FLAG)),
    "shedding-policies": DocumentKind(
        "SheddingPolicy", "shedding policy", "Shedding policies", _brownout("SheddingPolicy", "gentle", _SHEDDING)
    ),
    "systems": DocumentKind(
        "System", "end-to-end promise", "End-to-end promises", _brownout("System", "whole-shop", _SYSTEM)
    ),
}  # fmt: skip
