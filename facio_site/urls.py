"""Which app answers which path, all of them under the path of PUBLIC_URL."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext as _
from django.views.generic import RedirectView
from django.views.i18n import set_language

from facio_site.accounts import users
from facio_site.web.typed import keeps_typed

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Facio Settings"

admin.site.site_url = settings.COOKIE_PATH

# Said here, for accounts knows nothing of web.
keeps_typed(lambda _request: {"name": _("For")})(users.invite)

handler400 = "facio_site.web.errors.bad_request"
handler500 = "facio_site.web.errors.failed"
_pages: list[URLPattern | URLResolver] = [
    path("", include("facio_site.accounts.urls")),
    path("language/", set_language, name="language"),
    path("admin/", admin.site.urls),
    path("", include("providers.urls")),
    path("", include("routing.urls")),
]
_UNDER = f"{settings.BASE_PATH.lstrip('/')}/"
urlpatterns = (
    [
        path("", login_not_required(RedirectView.as_view(url=f"/{_UNDER}"))),
        path(_UNDER, include(_pages)),
    ]
    if settings.BASE_PATH
    else _pages
)
