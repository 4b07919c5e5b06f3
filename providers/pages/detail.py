"""Everything that the page of one provider shows: fields with their secrets, test, models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.http import Http404, HttpRequest

from providers.catalog.modelsdev import SNAPSHOT_DATE
from providers.catalog.search import NEW, Found, Wanted, shelf
from providers.catalog.store import preview
from providers.dialects.ladder import makes_completion
from providers.forms.page import PageForm
from providers.forms.versions import seen_of
from providers.models import (
    CatalogEntry,
    Draft,
    Entry,
    HeldCatalog,
    Job,
    Provider,
    Replaced,
    Status,
    Task,
)
from providers.outbound import policy
from providers.pages.above import above
from providers.pages.drafts import draft_of
from providers.pages.entries import HEADS, shown_entries, use_link
from providers.pages.fields import rows_of, secrets_of
from providers.pages.history import history
from providers.pages.refreshed import gone_routes, routes_hit
from providers.pages.shown import PASSED, show_job, shown_expiry, shown_money
from providers.wording import catalog_note

MODELS_SHOWN, MODELS_FOUND = 10, 60  # without a search, with one
GONE_SHOWN = 12
# What catalog_context tells beside provider and spec
CATALOG = (
    *("query", "entries", "shown_count", "found_count", "notes"),
    "heads",
    *("snapshot_date", "new_count", "gone", "has_more_gone", "gone_routes"),
)


def detail_context(
    request: HttpRequest,
    provider: Provider,
    form: PageForm | None = None,
    *,
    tasks: Collection[Task] = tuple(Task),
    draft: Draft | None = None,
) -> dict[str, Any]:
    """What takes time is worked out where a template asks for it: parts of the page show little.
    `tasks` names those whose newest job is shown; `draft`: these unsaved values are shown,
    whatever the request says."""
    saved = not provider._state.adding
    draft = draft or draft_of(request, provider)
    newest = {task: Job.objects.newest(provider, task, draft) if saved else None for task in tasks}
    if saved:  # read after the jobs: what a finished one wrote is in it
        provider = Provider.for_name(provider.name)
        if provider._state.adding:
            raise Http404
    return _context(request, provider, form, draft, newest)


def started_context(
    request: HttpRequest, job: Job, form: PageForm | None, draft: Draft | None
) -> dict[str, Any]:
    """The same for the part of a job that this request has started, read with its provider."""
    context = _context(request, job.provider, form, draft, {Task(job.task): job}, is_of_page=True)
    return {**context, "taken_by": _taken_by(request, job)}


def watched_context(request: HttpRequest, job: Job) -> dict[str, Any]:
    """The same for a job that a page has shown as one of its own values, read with its provider:
    of this one it tells, whatever was kept, tested or saved elsewhere since."""
    draft = draft_of_page(request, job)
    return started_context(request, job, None, draft)


def draft_of_page(request: HttpRequest, job: Job) -> Draft | None:
    """This user's unsaved values that the job is of, while they are kept."""
    draft = Draft.over(job.provider, request.user) if job.is_draft else None
    if draft and (draft.pk == job.draft_id or draft.has_fingerprint(job.input_digest)):
        return draft
    return None


def _taken_by(request: HttpRequest, job: Job) -> str:
    """Whose newer job took the place of one that was cancelled: own, other, "" = nobody's."""
    if job.status != Status.CANCELLED:
        return ""
    newer = Job.objects.filter(provider=job.provider_id, task=job.task)
    users = newer.filter(created_at__gt=job.created_at).order_by("created_at")
    found = users.values_list("requested_by", flat=True)[:1]
    return next(("own" if user == request.user.pk else "other" for user in found), "")


def _context(
    request: HttpRequest,
    provider: Provider,
    form: PageForm | None,
    draft: Draft | None,
    newest: Mapping[Task, Job | None],
    *,
    is_of_page: bool = False,
) -> dict[str, Any]:
    """`is_of_page`: the jobs are of what the page shows, even if that is kept no more."""
    saved = not provider._state.adding
    check, fetch = (
        replace(
            show_job(job, provider), is_beside=not (job is None or is_of_page or _is_of(job, draft))
        )
        for job in (newest.get(Task.CHECK), newest.get(Task.FETCH))
    )
    shown = draft or provider
    shown_form = cache(lambda: form or PageForm(provider, shown=shown))
    catalog = cache(lambda: catalog_context(provider, request.GET.get("q", "")))
    models = [name] if (name := request.POST.get("test_model", "").strip()) else []
    return {
        "spec": provider.spec,
        "completes": cache(lambda: _completes(shown, models)),
        "provider": provider,
        "version": provider.version,
        "seen": partial(seen_of, provider),
        "draft": draft,
        "is_later": True,  # Save: a test comes first
        "chosen_above": (),  # fields that stand side by side in two versions
        "replaced": cache(lambda: Replaced.of(provider)),
        "form": shown_form,
        "rows": cache(lambda: rows_of(shown_form(), shown, check)),
        "secrets": cache(lambda: secrets_of(shown_form(), shown, check)),
        "next": cache(lambda: None if draft or fetch.is_pending else next_step(provider)),
        "draft_models": draft_models(draft),
        "held": cache(lambda: held_list(provider) if saved else None),
        "expiry": shown_expiry(provider.key_expires_on),
        "check": check,
        "money": None if draft or check.is_unsaved else _money_of(provider),
        "fetch": fetch,
        "history": cache(lambda: history(provider) if saved else None),
        "beside": cache(lambda: above().kept_beside(provider) if saved else []),
        "pending": "check" if check.is_pending else "catalog" if fetch.is_pending else "",
        "watched": cache(lambda: _watched(provider)),
        "policy": policy(),
        "named": [(name, use_link(name, provider.name)) for name in _own_names(provider)],
        **{name: partial(_one_of, catalog, name) for name in CATALOG},
    }


def _money_of(provider: Provider) -> Any:
    return shown_money(provider.money, provider.money_at, provider.spec)


def _is_of(job: Job, draft: Draft | None) -> bool:
    """Whether it is of these unsaved values; None = of what is saved."""
    return job.draft_id == draft.pk if draft else not job.is_draft


def _own_names(provider: Provider) -> list[str]:
    """Names for a route that are known without a list."""
    return [*provider.values.get("deployments", []), *provider.spec.static_models]


def _watched(provider: Provider) -> Any:
    """What the schedule says of its test; None where it has none."""
    is_tested = provider.is_configured and not provider.spec.is_oauth
    return above().watched(f"provider:{provider.name}") if is_tested else None


def next_step(provider: Provider) -> dict[str, Any] | None:
    """What is left to do once what is saved has passed its test: its models are fetched ("what"
    is fetch, with how many the test saw, 0 = it did not say), then one is chosen (use). None =
    nothing."""
    if not provider.is_configured or provider.check_outcome not in PASSED:
        return None
    if provider.spec.list_call and provider.catalog_at is None:
        check = Job.objects.newest(provider, Task.CHECK, None)
        return {"what": "fetch", "count": check.params.get("listed", 0) if check else 0}
    names = _own_names(provider)
    if not (names or provider.catalog_count) or provider.name in above().serving():
        return None
    return {"what": "use", "link": use_link(names[0], provider.name) if names else "#catalog"}


def _completes(shown: Entry, models: list[str]) -> bool:
    return not shown.spec.is_oauth and makes_completion(shown.adapter(), models)


def _one_of(context: Callable[[], dict[str, Any]], name: str) -> Any:
    return context()[name]


def draft_models(draft: Draft | None) -> dict[str, Any] | None:
    """The list that came with values that are not saved; None when there is none."""
    kept = draft.catalog if draft else None
    if kept is None:
        return None
    ids = [values[0] for values in kept["items"]]
    return {"count": len(ids), "ids": ids[:MODELS_FOUND], "dropped": kept["dropped"]}


def held_list(provider: Provider) -> dict[str, Any] | None:
    """What a list that is held would bring, take away and change, and which routes that hits;
    None when none is held."""
    held = HeldCatalog.objects.filter(provider=provider.pk).first()
    if held is None:
        return None
    found = preview(held)
    gone = found["gone"]
    return found | {
        "mark": held.mark,
        "stored": provider.catalog_count,
        "gone": ", ".join(gone[:GONE_SHOWN]),
        "gone_count": len(gone),
        "has_more_gone": len(gone) > GONE_SHOWN,
        "routes": routes_hit(provider.name, set(gone)),
    }


def catalog_context(provider: Provider, query: str = "") -> dict[str, Any]:
    """One provider's models. Without a search it does not wait for the shelf to be filled anew."""
    gone = list(_gone(provider=provider.pk))
    if query:
        wanted = Wanted(text=query[:200], provider=provider.name)
        total, found = shelf().find(wanted, 0, MODELS_FOUND)
    else:
        total, found = provider.catalog_count, _first(provider)
    return {
        "provider": provider,
        "spec": provider.spec,
        "query": query,
        "heads": HEADS,
        "entries": shown_entries(found),
        "shown_count": len(found),
        "found_count": total,
        "snapshot_date": SNAPSHOT_DATE,
        "notes": [text for code in provider.catalog_notes if (text := catalog_note(code))],
        "new_count": provider.catalog_new,
        "gone": ", ".join(gone[:GONE_SHOWN]),
        "has_more_gone": len(gone) > GONE_SHOWN,
        "gone_routes": gone_routes(provider) if gone else [],
    }


def _first(provider: Provider) -> list[Found]:
    fresh = None if provider.catalog_is_first else provider.catalog_at
    rows = _present(provider=provider.pk)
    who = (provider.name, provider.spec.label)
    return [Found(pk, *who, NEW if seen == fresh else 0) for pk, seen in rows]


def _present(provider: Any) -> Any:
    rows = CatalogEntry.objects.present().filter(provider=provider).order_by("model_id")
    return rows.values_list("pk", "first_seen_at")[:MODELS_SHOWN]


def _gone(provider: Any) -> Any:
    """One more than is shown, to know whether there are more."""
    rows = CatalogEntry.objects.filter(provider=provider, gone_at__isnull=False)
    names = rows.order_by("model_id").values_list("model_id", flat=True)
    return names[: GONE_SHOWN + 1]
