"""Starting points: a goal turned into the main route."""

from __future__ import annotations

from dataclasses import dataclass

from facio_site.marked import marked as _
from routing.rules.explain import AUTO


@dataclass(frozen=True, slots=True)
class Recipe:
    """`model` is "" where it is chosen from the provider's own catalog."""

    name: str
    label: str  # translated where it is shown
    kind: str  # the provider that it needs
    provider: str  # what the route's provider field gets
    model: str = ""


# Source: https://facio.bot/docs/providers
RECIPES = (
    Recipe(
        "anthropic",
        _("Anthropic by model name"),
        "anthropic",
        AUTO,
        "anthropic/claude-opus-4-7",
    ),
    Recipe("openrouter", _("Everything through OpenRouter"), "openrouter", "openrouter"),
    Recipe("azure", _("An Azure deployment"), "azure_openai", "azure_openai"),
    Recipe("opencode", _("OpenCode Go's own catalog"), "opencode_go", "opencode_go"),
)


def recipe(name: str) -> Recipe | None:
    return next((one for one in RECIPES if one.name == name), None)
