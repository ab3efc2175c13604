"""/metrics: everything is derived from state when asked, so it cannot drift from it."""

from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthorizationError
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from alerts.metrics import Alerts
from degradation.metrics import Circuits
from slo.api_auth import reader
from slo.metrics import Objectives

registry = CollectorRegistry()
registry.register(Objectives())
registry.register(Alerts())
registry.register(Circuits())


def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics in the format the scraper prefers, for whoever may read the API."""
    try:
        caller = reader(request)
    except AuthorizationError as error:
        return HttpResponse(str(error), status=403, content_type="text/plain")
    if caller is None:
        refusal = HttpResponse("A token is needed", status=401, content_type="text/plain")
        refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type=content_type)
