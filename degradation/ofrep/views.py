"""OFREP through Django, for servers that do not put `degradation.ofrep.wsgi` in front of it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from degradation.ofrep.protocol import PREFIX, Asked, answer


@csrf_exempt
def ofrep(request: HttpRequest) -> HttpResponse:
    """Any request under the prefix: by token instead of cookie."""
    told = answer(
        Asked(
            method=request.method or "",
            path=request.path_info.removeprefix(PREFIX),
            headers={name.lower(): value for name, value in request.headers.items()},
            length=int(request.META.get("CONTENT_LENGTH") or 0),
            read=lambda _: request.body,
        )
    )
    return HttpResponse(told.body, status=told.status, headers=dict(told.headers))
