from slo.models.access import ApiToken
from slo.models.annotation import Annotation
from slo.models.budget import BudgetPolicy
from slo.models.catalog import Component, Service, Source
from slo.models.correction import Correction
from slo.models.edit import Edit
from slo.models.events import EventPost
from slo.models.filling import Filling
from slo.models.latency import ComponentLatency
from slo.models.measurement import Exclusion, ExclusionChange, Heartbeat, Measurement, SourceState, Watermark
from slo.models.objective import BurnPolicy, Objective
from slo.models.standing import ObjectiveStanding
from slo.models.system import Scenario, System
from slo.models.view import ObjectiveView

__all__ = [
    "Annotation",
    "ApiToken",
    "BudgetPolicy",
    "BurnPolicy",
    "Component",
    "ComponentLatency",
    "Correction",
    "Edit",
    "EventPost",
    "Exclusion",
    "ExclusionChange",
    "Filling",
    "Heartbeat",
    "Measurement",
    "Objective",
    "ObjectiveStanding",
    "ObjectiveView",
    "Scenario",
    "Service",
    "Source",
    "SourceState",
    "System",
    "Watermark",
]
