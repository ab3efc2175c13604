"""Documents to test with, as text: a shop with everything slo knows."""

SERVICE = """
apiVersion: openslo/v1
kind: Service
metadata: {name: shop, displayName: The shop, annotations: {brownout/owner: team-shop}}
spec: {description: Sells comics.}
"""

SOURCE = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom, displayName: Main Prometheus}
spec:
  type: Prometheus
  description: In the basement
  connectionDetails: {url: "http://prom.test:9090", scrapeInterval: 30s, headers: {X-Scope-OrgID: team}}
"""

SCRAPE = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: direct}
spec: {type: scrape, connectionDetails: {targets: ["http://shop.test/metrics"], timeout: 2s}}
"""

COMPONENT = """
apiVersion: brownout/v1
kind: Component
metadata: {name: web, displayName: Web}
spec: {service: shop, tier: 1, owner: team-web, downRatio: 0.4}
"""

POLICY = """
apiVersion: brownout/v1
kind: BurnPolicy
metadata: {name: calm}
spec:
  description: Only what is serious
  windows:
    - {severity: page, long: 1h, short: 5m, factor: 10}
    - {severity: ticket, long: 1d, short: 2h, factor: 2.5}
  timing: {page: {pending: 0s, keepFiring: 2m}}
  minimum: {events: 50, bad: 3}
"""

SLI = """
apiVersion: openslo/v1
kind: SLI
metadata: {name: errors}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {metricSourceRef: prom, type: Prometheus, spec: {query: 'requests_total{code=~"5.."}'}}}
    total: {metricSource: {metricSourceRef: prom, spec: {query: requests_total}}}
"""

SLO = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: web-availability
  displayName: The web shop answers
  annotations: {brownout/component: web, brownout/burn-policy: calm, brownout/owner: team-web}
spec:
  description: Requests that do not fail
  service: shop
  indicatorRef: errors
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99.9}]
"""

LATENCY = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: web-latency}
spec:
  service: shop
  indicator:
    metadata: {name: fast}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {metricSourceRef: prom, spec: {histogram: 'seconds{job="web"}', threshold: 0.3}}}
        total: {metricSource: {metricSourceRef: prom, spec: {histogram: 'seconds{job="web"}'}}}
  timeWindow: [{duration: 1M, calendar: {startTime: "2020-01-01 00:00:00", timeZone: Europe/Berlin}}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.95}]
"""

EXCLUSION = """
apiVersion: brownout/v1
kind: Exclusion
metadata: {name: move}
spec: {service: shop, start: 2026-03-01T12:00:00Z, end: "2026-03-01T15:00:00+02:00", reason: The database moved.}
"""

ALL = (SERVICE, SOURCE, SCRAPE, COMPONENT, POLICY, SLI, SLO, LATENCY, EXCLUSION)
