"""Writing what an import plans, in one transaction, and the copies of what was set at a moment.

Values come with the rules of config/entries.py, which are those of the forms; an entry that is not
complete is stored as it is and says so on its page. Kept out: requests and words.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F

from facio_site import sealing
from facio_site.audit import CHANGED, Change, record
from facio_site.history import Old, limit, of_rows
from facio_site.strictjson import read_json, write_json
from providers.kinds import KINDS
from providers.models import BODY, HEADERS, Draft, Provider
from providers.spec.masks import variable_in
from providers.spec.names import built_in, same_name
from providers.spec.secret import Secret
from routing.config.difference import SET, PathChange
from routing.config.document import part
from routing.config.edits import Current, ProviderEdit
from routing.config.entries import RouteState, normal_base
from routing.config.export import Mode
from routing.config.importing.importer import Plan
from routing.config.pasted import Pasted, read_pasted
from routing.models import BaseDocument, ConfigVersion, PendingImport, Route
from routing.models.documents import take_turn
from routing.models.subjects import rename_subjects
from routing.state import beside, current, exported, fingerprint, specs_by_name

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from facio_site.accounts.models import User

    Actor = User | AnonymousUser | None


class Overtaken(Exception):
    """Somebody else saved one of the same rows meanwhile: nothing was stored."""


def take_in(
    plan: Plan, before: Current, *, actor: Actor, target: str, request: HttpRequest | None = None
) -> None:
    """Store all of a plan, with a copy of what was set before, or nothing.

    `target` names what is taken in. Raises Overtaken and sealing.KeyMissing.
    """
    try:
        with transaction.atomic():
            hold(before)
            kept = None
            if before.providers or before.document or any(r.model for r in before.routes):
                kept = keep_copy(before, ConfigVersion.Reason.UNDO, actor=actor).number
                ConfigVersion.objects.prune()
            apply_plan(plan)
            record(
                "config.imported",
                actor=actor,
                target=target,
                result="merge" if plan.is_merge else "replace",
                fields=names_of(plan),
                changes=told_changes(plan.changes),
                version=kept,
                request=request,
            )
    except IntegrityError:
        raise Overtaken from None


def hold(before: Current) -> None:
    """Lock all that is set here until the transaction ends. Raises Overtaken when it is no longer
    what stands in `before`."""
    take_turn()  # where nothing is set yet, there is no row to lock
    for model in (Provider, Route, BaseDocument):
        list(model.objects.select_for_update().order_by("pk").values_list("pk"))
    if fingerprint(current(is_lenient=True)) != fingerprint(before):
        raise Overtaken


def apply_plan(plan: Plan) -> None:
    """The rows only; for use inside a transaction. Raises Overtaken."""
    for edit in sorted(plan.providers, key=lambda edit: not edit.is_removed):
        _store_provider(edit)
    _spell_names(plan.document)
    for route in plan.routes:
        _store_route(route)
    BaseDocument.put(plan.document)


def names_of(plan: Plan) -> list[str]:
    """What a plan changes, as names for the audit."""
    names = [_as_field(edit.name) for edit in plan.providers]
    return [*names, *(f"routes.{route.slot}" for route in plan.routes)]


def told_changes(changes: Sequence[PathChange]) -> list[Change]:
    """Those of what is set here, for the audit: the rest may hold anything, and is in a version."""
    return [
        (one.path, one.before, CHANGED if one.before == one.after == SET else one.after)
        for one in changes
        if one.is_owned
    ]


def _as_field(name: str) -> str:
    """Signs that no field's name has as their code points: x y is x[20]y."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda sign: f"[{ord(sign[0]):x}]", name)[:100]


def _store_provider(edit: ProviderEdit) -> None:
    row: Provider = Provider.for_name(edit.name)
    if edit.is_removed:
        if not row._state.adding:
            row.delete()
        return
    asleep = [name for name in row.sealed if not row.has_usable(name)]
    _put_plain(row, edit)
    for name in filter(row.has_usable, asleep):  # typed for this address once: no plan told of it
        row.put_secret(name, None)
        row.values.pop(name, None)
    # Secrets come last: each is bound to where this provider's calls go from now on.
    if "apiKey" in edit.values:
        row.put_secret("api_key", edit.values["apiKey"] or None)
    for name, secret in edit.secrets.items():
        row.put_secret(name, secret.reveal())
    for key, name in (("extraHeaders", HEADERS), ("extraBody", BODY)):
        if key in edit.values:
            row.put_mapping(name, edit.values[key] or {})
    if not row.store():
        raise Overtaken
    Draft.objects.filter(provider=row).delete()


def _spell_names(document: Mapping[str, Any] | None) -> None:
    """Endpoints are spelled as the document does: the agent takes both for one name."""
    entries = part(document or {}, "providers")
    for row in Provider.objects.exclude(name=F("kind")):
        if row.name not in entries and (name := same_name(row.name, entries)):
            old = row.name
            row.rename(name)
            rename_subjects(old, name)


def _put_plain(row: Provider, edit: ProviderEdit) -> None:
    if "apiBase" in edit.values:
        text = edit.values["apiBase"] or ""
        row.api_base = text if variable_in(text) else normal_base(row.spec, text)
    for field in row.spec.extra_fields:
        if field.config_key in edit.values:
            row.values.pop(field.name, None)
            if text := edit.values[field.config_key]:
                row.values[field.name] = text
    if edit.add_deployments:
        old = row.values.get("deployments", ())
        row.values["deployments"] = [*old, *edit.add_deployments]


def _store_route(state: RouteState) -> None:
    row = Route.objects.filter(slot=state.slot).first() or Route(slot=state.slot)
    row.model, row.provider = state.model, state.provider
    if not row.store():
        raise Overtaken


# --- names ----------------------------------------------------------------------------------


def renamed(old: str, new: str) -> list[str] | None:
    """Routes that force an endpoint, the imported document, and what is known of it over time go
    along with its new name.

    Returns the slots of these routes; None when somebody else was faster. Raises
    sealing.KeyMissing, sealing.Unreadable.
    """
    changed = []
    for route in Route.objects.all_slots():
        if same_name(route.provider, [old]) and not built_in(route.provider, KINDS):
            route.provider = new
            if not route.store():
                return None
            changed.append(route.slot)
    _put_entry(old, new)
    rename_subjects(old, new)
    return changed


def forgotten(name: str) -> None:
    """Take an endpoint out of the imported document, from which it would come back."""
    _put_entry(name, "")


def _put_entry(name: str, new: str) -> None:
    """The entry gets a new name at its place, "" = it goes, and what only spells it otherwise."""
    take_turn()
    text = BaseDocument.text()
    document = read_json(text.encode()) if text else {}
    entries = part(document, "providers")
    first = same_name(name, [name] if name in entries else entries)
    if not first:
        return
    after = {}
    for key, value in entries.items():
        if not same_name(key, [name]):
            after[key] = value
        elif key == first and new:
            after[new] = value
    BaseDocument.put({**document, "providers": after})


# --- copies ---------------------------------------------------------------------------------


def keep_copy(
    state: Current,
    reason: ConfigVersion.Reason,
    *,
    actor: Actor,
    text: str = "",
    mode: Mode | None = None,
    digest: str = "",
    **more: str,
) -> ConfigVersion:
    """A new numbered version of all that is set; `text`, `mode` and `digest` are the file's, and
    `more` are other fields."""
    version = _version(reason, actor, mode=mode.value if mode else "", digest=digest, **more)
    document = exported(state, Mode.KEYS).document
    version.seal(version.STATE, json.dumps({"document": document, **beside(state)}))
    if text:
        version.seal(version.TEXT, text)
    version.save()
    return version


def keep_original(data: bytes, *, actor: Actor) -> ConfigVersion:
    """A new numbered version of a file that somebody else wrote, byte for byte."""
    digest = hashlib.sha256(data).hexdigest()
    version = _version(ConfigVersion.Reason.FOUND, actor, digest=digest)
    version.seal(version.ORIGINAL, base64.b64encode(data).decode())
    version.save()
    return version


def keep_before_removal(actor: Actor) -> int | None:
    """A copy of all that is set, where it can be read; inside the caller's transaction. Returns
    its number; None where there is none."""
    with suppress(sealing.KeyMissing, sealing.Unreadable):
        kept = keep_copy(current(is_lenient=True), ConfigVersion.Reason.REMOVAL, actor=actor)
        ConfigVersion.objects.prune()
        return kept.number
    return None


def old_bodies() -> Iterator[Old]:
    """What versions hold that nobody goes back to: the rows stay, and tell when and who."""
    rows = ConfigVersion.objects.outlived(limit())
    yield of_rows("bodies of versions", rows, lambda found: found.update(sealed={}))


def _version(reason: ConfigVersion.Reason, actor: Actor, **fields: str) -> ConfigVersion:
    person = actor if actor is not None and actor.is_authenticated else None
    return ConfigVersion(
        number=ConfigVersion.objects.next_number(),
        reason=reason,
        created_by_id=person.pk if person else None,
        actor_name=person.get_username() if person else "",
        **fields,
    )


@transaction.atomic
def pend(
    text: str, actor: User, *, origin: str, name: str = "", beside: Mapping[str, Any] | None = None
) -> PendingImport:
    """Seal what a person handed in, in place of what they handed in before."""
    PendingImport.objects.filter(created_by=actor).delete()
    row = PendingImport(created_by=actor, origin=origin, name=name[:200])
    row.seal(row.TEXT, text)
    if beside:
        row.seal(row.BESIDE, json.dumps(beside))
    row.save()
    return row


def pend_version(version: ConfigVersion, actor: User) -> PendingImport:
    """A version, ready to be brought back by the same preview as any import."""
    state = version.state()
    return pend(
        write_json(state["document"]),
        actor,
        origin=PendingImport.Origin.VERSION,
        name=str(version.number),
        beside={name: state[name] for name in ("secrets", "deployments")},
    )


def pasted_of(row: PendingImport, kind: str = "") -> Pasted:
    """What stands in a pending import. Raises as read_pasted does, and sealing's exceptions."""
    pasted = read_pasted(row.unseal(row.TEXT).encode(), specs=specs_by_name(), kind=kind)
    if row.BESIDE not in row.sealed:
        return pasted
    return _with_beside(pasted, json.loads(row.unseal(row.BESIDE)))


def pasted_version(version: ConfigVersion) -> Pasted:
    """The same of a version, without an import. Raises sealing's exceptions."""
    state = version.state()
    return _with_beside(Pasted(source="config", document=state["document"]), state)


def _with_beside(pasted: Pasted, more: Mapping[str, Any]) -> Pasted:
    """With what config.json has no place for."""
    secrets = {
        kind: {name: Secret(text) for name, text in texts.items()}
        for kind, texts in more["secrets"].items()
    }
    return replace(pasted, secrets=secrets, deployments=tuple(more["deployments"]))
