"""What the overview tells: the way from a key to an exported file, what needs attention, and what
was changed last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from facio_site import sealing
from facio_site.audit.models import AuditEntry
from providers.models import Job, Provider, Status, Task
from providers.pages.shown import shown_expiry, shown_money
from providers.spec.outcomes import NOT_BAD, Outcome
from routing.pages.findings import finding_text
from routing.pages.rows import RouteRow
from routing.rules.codes import Code

HANDED_OVER = ("config.downloaded", "config.exported", "config.written")
CHANGES_SHOWN = 5
# Actions after which everything is set as before
_NO_CHANGE = (
    *("sign-in", "sign-in.refused", "sign-out", "session.expired"),
    *("confirmed", "confirmed.refused"),
    *("factor.used", "factor.refused", "sessions.ended", "config.downloaded", "config.exported"),
    *("provider.tested", "provider.cancelled", "catalog.fetched", "catalog.cancelled"),
    *("route.tested", "channel.tested", "channel.seen"),
)
# What is told of a provider once, and not of each route that it serves
_OF_PROVIDER = (Code.KEY_EXPIRES, Code.KEY_EXPIRED, Code.KNOWN_BAD, Code.MAIN_FAILS)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide. `is_next` marks the first that is not done."""

    title: str
    text: str
    link: str
    action: str  # on its button
    is_done: bool
    is_next: bool = False


def guide(rows: Iterable[Provider], routes: Sequence[RouteRow]) -> list[Step]:
    """The steps to a first exported file; empty once all of them were taken.

    A step that was taken stays done: what is judged are things that a failing test leaves alone.
    """
    providers = list(rows)
    passed = _passed(providers)
    waiting = [row for row in providers if row not in passed]
    start = _page(waiting[0]) if len(waiting) == 1 else reverse("providers:list")
    lister = next(iter(passed), None)
    has_models = any(map(_has_models, providers))
    main = routes[0]
    steps = [
        Step(
            _("Set up a provider"),
            _("Paste its API key, or choose a provider. A local server needs only its address."),
            reverse("providers:list"),
            _("Choose a provider"),
            bool(providers),
        ),
        Step(
            _("Test the connection"),
            _("The test says in one sentence what is wrong, if anything is."),
            start,
            _("Test it"),
            bool(passed),
        ),
        Step(
            _("Fetch its models"),
            _("Then you choose a model from a list with context and price, not from memory."),
            _page(lister) if lister else reverse("providers:list"),
            _("Fetch models"),
            has_models,
        ),
        Step(
            _("Choose the main model"),
            _("You can leave the other routes empty: they follow main."),
            reverse("providers:catalog" if has_models else "routing:routing"),
            _("Choose a model"),
            bool(main.model) and main.is_served,
        ),
        Step(
            _("Hand config.json to the agent"),
            _("Download it, or write it where the agent reads it."),
            reverse("routing:config"),
            _("Export"),
            AuditEntry.objects.filter(action__in=HANDED_OVER).exists(),
        ),
    ]
    first = next((place for place, step in enumerate(steps) if not step.is_done), None)
    if first is None:
        return []
    now = steps[first]
    steps[first] = Step(now.title, now.text, now.link, now.action, False, is_next=True)
    return steps


def _passed(providers: Sequence[Provider]) -> list[Provider]:
    """Those whose test was passed once, whatever came later. A list of models that was fetched
    proves as much, and outlives the jobs."""
    sure = [row for row in providers if row.is_working or row.catalog_count or row.spec.is_oauth]
    if sure or not providers:
        return sure
    tests = Job.objects.filter(provider__in=providers, task=Task.CHECK, status=Status.DONE)
    told = tests.filter(outcome__in=(Outcome.OK, Outcome.REFERENCE), is_draft=False).order_by()
    found = set(told.values_list("provider", flat=True).distinct())
    return [row for row in providers if row.pk in found]


def _has_models(row: Provider) -> bool:
    """Whether names to choose from are known, be it without a list."""
    return bool(row.catalog_count or row.values.get("deployments") or row.spec.static_models)


def handed_over() -> AuditEntry | None:
    """What gave the config away last."""
    found = AuditEntry.objects.filter(action__in=HANDED_OVER)
    return found.only("at", "action").first()


def last_changes() -> list[AuditEntry]:
    """What was changed last, newest first; neither tests nor sign-ins."""
    changed = AuditEntry.objects.exclude(action__in=_NO_CHANGE)
    return list(changed.only("at", "actor_name", "action", "target", "ip")[:CHANGES_SHOWN])


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs attention; `provider` is empty for a route, the file and the system."""

    about: str  # "route:main", "provider:openai", "config", "system"
    provider: str  # by name
    label: str
    note: str  # what stands beside the label
    link: str
    outcome: str = ""
    at: datetime | None = None


def concerns(rows: Iterable[Provider], routes: Iterable[RouteRow]) -> list[Concern]:
    """Each cause once: what stops a route or stands against it, in the order of the routes, then
    other providers whose last test was not passed, also those that may well work, and those of
    which there is something to tell: a secret is lost, the key or the money ends."""
    troubled = {row.name: row for row in rows if _is_unproven(row) or any(_told(row))}
    served: dict[str, list[str]] = {name: [] for name in troubled}
    found: list[Concern | Provider] = []
    for route in routes:
        if not route.is_set:
            continue
        provider = route.provider
        if provider and provider.name in troubled:
            if not served[provider.name]:
                found.append(troubled[provider.name])
            served[provider.name].append(str(route.slot.label))
        if concern := _of_route(route, is_proven=not (provider and _is_unproven(provider))):
            found.append(concern)
    found += [row for row in troubled.values() if not served[row.name]]
    return [one if isinstance(one, Concern) else _of(one, served[one.name]) for one in found]


def _page(row: Provider) -> str:
    return reverse("providers:detail", args=[row.name])


def _is_unproven(row: Provider) -> bool:
    return row.check_outcome not in ("", Outcome.OK, Outcome.REFERENCE)


def _expiry(row: Provider) -> str:
    """In words; "" = nothing to tell."""
    told = shown_expiry(row.key_expires_on)
    return told.text if told else ""


def _told(row: Provider) -> tuple[str, str, str]:
    """What is told of a provider beside its test; "" = nothing."""
    return _lost_secret(row), _expiry(row), _little_money(row)


def _lost_secret(row: Provider) -> str:
    """In words; "" = all can be used, as far as is known without opening them."""
    keys = sealing.master_keys()
    for item in row.sealed.values():
        if item["bound"] != row.bound:
            return _("A stored secret is for another address: type it again.")
        if keys and sealing.key_id_of(item["box"]) not in keys:
            return _("A stored secret can't be opened: type it again.")
    return ""


def _little_money(row: Provider) -> str:
    """In words; "" = nothing to tell, or enough."""
    told = shown_money(row.money, row.money_at, row.spec)
    return told.text if told and told.tone == "warn" else ""


def _of_route(row: RouteRow, *, is_proven: bool) -> Concern | None:
    """What stands against a route itself. `is_proven`: its provider's last test passed, or none was
    made; else a call that fails is the provider's matter."""
    slot, label = row.route.slot, str(row.slot.label)
    about, link = f"route:{slot}", reverse("routing:routing") + f"#route-{slot}"
    if row.decision and not row.is_served:
        words = _("%(provider)s is not set up.")
        text = words % {"provider": row.served.label} if row.served else row.words
        return Concern(about, "", label, text, link)
    own = [finding_text(lint) for lint in row.doubts if lint.code not in _OF_PROVIDER]
    if is_proven and row.is_own and row.own not in NOT_BAD:
        note = " · ".join([row.model, *own])
        return Concern(about, "", label, note, link, row.own, row.own_at)
    if own:
        return Concern(about, "", label, " · ".join(own), link)
    if is_proven and row.can_test and row.tested == "never":
        return Concern(about, "", label, row.model, link, "never")
    return None


def _of(row: Provider, slots: Sequence[str]) -> Concern:
    """What stands against a provider: its last test, and what else is told of it."""
    serves = _("serves %(routes)s") % {"routes": ", ".join(slots)} if slots else ""
    about, link = f"provider:{row.name}", _page(row)
    outcome, at = (row.check_outcome, row.checked_at) if _is_unproven(row) else ("", None)
    note = " · ".join(filter(None, (*_told(row), serves)))
    return Concern(about, row.name, row.spec.label, note, link, outcome, at)
