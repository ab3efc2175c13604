"""The JSON API: the packages' routers, and errors as RFC 9457 problem documents."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from alerts.api import router as alerts_router
from alerts.api_channels import router as channels_router
from alerts.api_inbound import router as inbound_router
from alerts.api_runbooks import router as runbooks_router
from alerts.api_silences import router as silences_router
from alerts.errors import ReportError, TriedLatelyError, UnsignedError
from dashboards.api import router as dashboards_router
from degradation.api import router as degradation_router
from degradation.api_availability import router as availability_router
from degradation.api_banners import router as banners_router
from degradation.api_circuits import router as circuits_router
from degradation.api_incidents import router as incidents_router
from degradation.api_shedding import router as shedding_router
from slo.api import router as slo_router
from slo.api_annotations import router as annotations_router
from slo.api_auth import reader
from slo.api_events import router as events_router
from slo.api_exclusions import router as exclusions_router
from slo.api_systems import router as systems_router
from slo.errors import BrownoutError, DefinitionError, NotFoundError

log = logging.getLogger(__name__)

api = NinjaAPI(title="Brownout", version="1", auth=reader, docs_url=None, openapi_url="/openapi.json")
api.add_router("", slo_router)
api.add_router("", events_router)
api.add_router("", exclusions_router)
api.add_router("", annotations_router)
api.add_router("", systems_router)
api.add_router("", alerts_router)
api.add_router("", channels_router)
api.add_router("", inbound_router)
api.add_router("", runbooks_router)
api.add_router("", silences_router)
api.add_router("", degradation_router)
api.add_router("", availability_router)
api.add_router("", banners_router)
api.add_router("", circuits_router)
api.add_router("", incidents_router)
api.add_router("", shedding_router)
api.add_router("", dashboards_router)


def problem(status: int, detail: str, **more: Any) -> HttpResponse:
    """A problem document: its title is the status's own phrase, its detail a sentence for a person."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(NotFoundError)
def _not_found(request: HttpRequest, error: NotFoundError) -> HttpResponse:
    return problem(404, str(error))


@api.exception_handler(DefinitionError)
def _unacceptable(request: HttpRequest, error: DefinitionError) -> HttpResponse:
    return problem(422, str(error))


@api.exception_handler(ReportError)
def _not_understood(request: HttpRequest, error: ReportError) -> HttpResponse:
    return problem(422, str(error))


@api.exception_handler(UnsignedError)
def _unsigned(request: HttpRequest, error: UnsignedError) -> HttpResponse:
    return problem(401, str(error))


@api.exception_handler(TriedLatelyError)
def _too_soon(request: HttpRequest, error: TriedLatelyError) -> HttpResponse:
    response = problem(429, str(error))
    response["Retry-After"] = str(int(error.seconds))
    return response


@api.exception_handler(BrownoutError)
def _conflict(request: HttpRequest, error: BrownoutError) -> HttpResponse:
    return problem(409, str(error))


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "The request is too large; send it in parts")


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """What programs get at an address the API does not know."""
    return problem(404, f"There is nothing at {request.path}; /api/v1/openapi.json lists what there is")


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    detail = "A login or a token is needed" if error.status_code == HTTPStatus.UNAUTHORIZED else str(error)
    return problem(error.status_code, detail)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"].removeprefix("Value error, ")}
        for e in error.errors
    ]
    return problem(422, "; ".join(f"{e['field']}: {e['message']}" for e in errors), errors=errors)


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "Something broke on our side; the log has the details")
