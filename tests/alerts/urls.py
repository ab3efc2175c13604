from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("alerts/<int:pk>/", HttpResponse, name="alert"),
    path("runbooks/<name>/", HttpResponse, name="runbook"),
]
