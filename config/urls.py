"""Every address, composed from the packages."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health, telemetry
from config.api import api, nothing_here

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/ready", health.ready),
    path("health/deep", health.deep),
    path("metrics", telemetry.metrics),
    path("api/v1/", api.urls),
    path("api/<path:rest>", nothing_here),
    path("ofrep/v1/", include("degradation.urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboards.urls")),
]
