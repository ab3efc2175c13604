"""Where applications ask for flags; mounted under /ofrep/v1/."""

from django.urls import path, re_path

from degradation.ofrep import views

urlpatterns = [
    path("evaluate/flags", views.evaluate_all),
    # Any text may be asked for, however odd: it is an unknown flag then, and not an unknown address.
    re_path(r"^evaluate/flags/(?P<key>.*)\Z", views.evaluate_one),
]
