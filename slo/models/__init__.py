from slo.models.access import ApiToken
from slo.models.catalog import Component, Service, Source
from slo.models.measurement import Exclusion, Heartbeat, Measurement, SourceState, Watermark
from slo.models.objective import BurnPolicy, Objective

__all__ = [
    "ApiToken",
    "BurnPolicy",
    "Component",
    "Exclusion",
    "Heartbeat",
    "Measurement",
    "Objective",
    "Service",
    "Source",
    "SourceState",
    "Watermark",
]
