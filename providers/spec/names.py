"""Names of providers, as keys under "providers" in config.json: what is taken, what is the same.

Pure. Source for spellings: find_by_name and _match_provider of nanobot-ai 0.3.5 (inherited).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from facio_site.marked import marked as _

NAME_LENGTH = 60
_AUTO = "auto"  # the agent chooses

# Names that only the ancestor has built in.
_NAMES = """
    aihubmix ant_ling assemblyai atomic_chat edenai kimi_coding longcat minimax_anthropic modelscope
    novita nvidia opencode opencode_zen orcarouter qianfan siliconflow skywork stepfun volcengine
    volcengine_coding_plan xai_grok xiaomi_mimo
"""
INHERITED_NAMES = frozenset(_NAMES.split())

MESSAGES: Mapping[str, str] = {
    "empty": _("Give it a name."),
    "too_long": _("At most 60 characters."),
    "slash": _("A name has no slash: what stands before a model's first slash names a provider."),
    "blank": _("A name does not begin or end with a blank."),
    "unprintable": _("A name has no control characters or other signs that can't be seen."),
    "auto": _('"auto" means that the agent chooses. Take another name.'),
    "built_in": _("The agent has {name} built in, and takes this as the same name. Take another."),
    "same": _("{name} is there already, and the agent takes both for the same. Take another name."),
}


@lru_cache(maxsize=1024)
def known_name(text: str) -> str:
    """A name in the spelling of built-in ones: lmStudio and lm-studio are lm_studio."""
    text = text.replace("-", "_")
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    return re.sub(r"([a-z])(?=[A-Z0-9])|([0-9])(?=[A-Z])", r"\1\2_", text).lower()


def folded(name: str) -> str:
    """Names of one's own that fold to the same are one to the agent."""
    return name.replace("-", "_").lower()


def same_name(name: str, names: Iterable[str]) -> str:
    """The one among `names` that the agent takes `name` for; "" = none."""
    wanted = folded(name)
    return next((other for other in names if folded(other) == wanted), "")


def built_in(name: str, kinds: Collection[str]) -> str:
    """The built-in name that a spelling means, here or at the ancestor; "" = none."""
    for spelling in (known_name(name), folded(name)):
        if spelling in kinds or spelling in INHERITED_NAMES:
            return spelling
    return ""


def name_problem(
    name: str, kinds: Collection[str], others: Iterable[str] = ()
) -> tuple[str, Mapping[str, str]]:
    """Why an endpoint of one's own can't have this name: a code of MESSAGES and what it tells;
    "" = it can. `others` are the names of those that are there."""
    if not name:
        return "empty", {}
    if len(name) > NAME_LENGTH:
        return "too_long", {}
    if not name.isprintable():
        return "unprintable", {}
    if "/" in name or "\\" in name:
        return "slash", {}
    if name != name.strip():
        return "blank", {}
    if folded(name) == _AUTO:
        return "auto", {}
    if taken := built_in(name, kinds):
        return "built_in", {"name": taken}
    if there := same_name(name, others):
        return "same", {"name": there}
    return "", {}


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")


def env_key_of(name: str, taken: Collection[str]) -> str:
    """The name of an endpoint's key in environments. No two endpoints share one, and none is among
    those `taken`: what a variable can't spell, or a vendor has, is told apart by a digest."""
    stem = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    if _PLAIN.fullmatch(name) and f"{stem}_API_KEY" not in taken:
        return f"{stem}_API_KEY"
    digest = hashlib.sha256(folded(name).encode("utf-8", "surrogatepass")).hexdigest()
    return "_".join(filter(None, ("ENDPOINT", stem, digest[:8].upper(), "KEY")))
