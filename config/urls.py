"""Every address, composed from the packages."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from config import health, telemetry
from config.api import api, nothing_here

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/ready", health.ready),
    path("health/deep", health.deep),
    path("metrics", telemetry.metrics),
    path("api/v1/", api.urls),
    # The format of common status pages, which names its addresses itself; below, whatever the pages do not know.
    re_path(r"^api/(?!v2/(?:summary|status|components)\.json\Z)(?P<rest>.*)", nothing_here),
    path("ofrep/v1/", include("degradation.urls")),
    path("admin/", admin.site.urls),
    path("", include("dashboards.urls")),
]
