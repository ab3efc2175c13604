"""What is promised of the simulated service: windows of seconds, so that a journey sees trouble come and go."""

OBJECTIVE = "checkout-availability"
TITLE = "Checkout answers"
FLAG = "gift-wrapping"
RUNBOOK = "checkout-down"

_DOCUMENTS = """
apiVersion: openslo/v1
kind: Service
metadata: {{name: checkout, displayName: Checkout}}
spec: {{description: Takes the money.}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {{name: metrics}}
spec:
  type: prometheus
  connectionDetails: {{url: "{prometheus}", scrapeInterval: 1s, timeout: 5s}}
---
apiVersion: brownout/v1
kind: BurnPolicy
metadata: {{name: seconds}}
spec:
  description: The SRE workbook's fastest page, in seconds instead of minutes.
  windows: [{{severity: page, long: 12s, short: 3s, factor: 14.4}}]
  timing: {{page: {{keepFiring: 6s}}}}
---
apiVersion: brownout/v1
kind: SheddingPolicy
metadata: {{name: seconds}}
spec: {{description: Steps of seconds., services: [checkout], exitFor: 6s, dwell: 3s, step: 2s, rampStep: 1s,
  effectAfter: 2s, revert: false}}
---
apiVersion: brownout/v1
kind: Component
metadata: {{name: checkout-server, displayName: Checkout server}}
spec: {{service: checkout, tier: 1, owner: shop team}}
---
apiVersion: brownout/v1
kind: Flag
metadata: {{name: gift-wrapping}}
spec: {{service: checkout, tier: 4, owner: shop team, description: Offers to wrap it., safeValue: false}}
---
apiVersion: brownout/v1
kind: Flag
metadata: {{name: card-payments}}
spec: {{service: checkout, tier: 1, owner: shop team, description: Takes cards., safeValue: false}}
---
apiVersion: brownout/v1
kind: Channel
metadata: {{name: alertmanager}}
spec: {{type: alertmanager, severities: [page], connectionDetails: {{url: "{alertmanager}"}}}}
---
apiVersion: brownout/v1
kind: Channel
metadata: {{name: pager}}
spec: {{type: webhook, severities: [page], connectionDetails: {{url: "{webhook}"}}}}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
  displayName: Checkout answers
  annotations:
    brownout/component: checkout-server
    brownout/burn-policy: seconds
    brownout/runbook: checkout-down
    brownout/owner: shop team
spec:
  service: checkout
  indicator:
    metadata: {{name: checkout-answers}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{metricSourceRef: metrics, spec: {{query: 'requests_total{{code="500"}}'}}}}}}
        total: {{metricSource: {{metricSourceRef: metrics, spec: {{query: requests_total}}}}}}
  timeWindow: [{{duration: 30d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives: [{{target: 0.99}}]
"""

_RUNBOOK = """---
title: Checkout is down
severity: P1
owner: shop team
---
1. Look at the payment provider's status page.
2. Put up the banner.
"""


def documents(*, prometheus: str, alertmanager: str, webhook: str) -> dict[str, str]:
    """The catalog as files: name → text."""
    filled = _DOCUMENTS.format(prometheus=prometheus, alertmanager=alertmanager, webhook=webhook)
    return {"catalog.yaml": filled, f"{RUNBOOK}.md": _RUNBOOK}
