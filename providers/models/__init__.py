"""Rows: providers as entered, drafts of them, the models they offer, jobs. They start nothing."""

from providers.models.catalog import CatalogEntry, CatalogEntryQuerySet, HeldCatalog
from providers.models.credentials import BODY, HEADERS, Entry, SecretState
from providers.models.draft import Draft, DraftQuerySet, _in_15_minutes
from providers.models.jobs import Job, JobQuerySet, Status, Task
from providers.models.provider import Provider, Replaced, _in_a_day

__all__ = [
    "BODY",
    "HEADERS",
    "CatalogEntry",
    "CatalogEntryQuerySet",
    "Draft",
    "DraftQuerySet",
    "Entry",
    "HeldCatalog",
    "Job",
    "JobQuerySet",
    "Provider",
    "Replaced",
    "SecretState",
    "Status",
    "Task",
    "_in_15_minutes",
    "_in_a_day",
]
