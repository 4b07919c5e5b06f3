"""Which app answers which path."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Facio Settings"

handler500 = "facio_site.web.errors.failed"
urlpatterns = [
    path("", include("facio_site.accounts.urls")),
    path("language/", set_language, name="language"),
    path("admin/", admin.site.urls),
    path("", include("providers.urls")),
    path("", include("routing.urls")),
]
