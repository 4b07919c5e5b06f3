"""The site itself as an app: commands and template tags that belong to no app of their own."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "facio_site"
    verbose_name = "Facio Settings"
