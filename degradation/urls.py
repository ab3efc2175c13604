"""Where applications ask for flags; mounted under /ofrep/v1/."""

from django.urls import re_path

from degradation.ofrep import views

# Any text may be asked for, however odd: it is an unknown flag then, and not an unknown address.
urlpatterns = [re_path(r"^.*\Z", views.ofrep)]
