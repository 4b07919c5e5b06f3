"""What can be doubtful about a route, and what mends it: codes, of which pages make sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Severity = Literal["error", "warning", "note"]


class Code(StrEnum):
    UNRESOLVED = "unresolved"
    UNKNOWN_PROVIDER = "unknown_provider"  # params: name
    OAUTH_NEEDS_CHOICE = "oauth_needs_choice"  # params: word
    NOT_CONFIGURED = "not_configured"  # params: provider
    KNOWN_BAD = "known_bad"  # params: provider, outcome
    KEY_EXPIRES = "key_expires"  # soon, as a person has noted; params: provider, date
    KEY_EXPIRED = "key_expired"  # likewise, since then
    GATEWAY_FALLBACK = "gateway_fallback"  # nobody chose it and it would be billed; provider
    KEY_FALLBACK = "key_fallback"  # likewise, no gateway; provider
    MODEL_MISSING = "model_missing"  # params: provider, model
    MODEL_GONE = "model_gone"  # the last refresh lost it; provider, model
    MODEL_RETIRES = "model_retires"  # within RETIRES_DAYS; provider, model, date, replacement or ""
    MODEL_RETIRED = "model_retired"  # likewise, on that day or since
    DEPLOYMENT_UNKNOWN = "deployment_unknown"  # params: provider, model
    NO_IMAGE_INPUT = "no_image_input"  # a vision route whose model takes no images
    NO_IMAGE_OUTPUT = "no_image_output"  # an image route on a model that makes none
    NO_VIDEO_OUTPUT = "no_video_output"
    NO_TEXT_OUTPUT = "no_text_output"  # a route of chat on a model that makes pictures or films
    ANSWER_TOO_LONG = "answer_too_long"  # provider, model; asked and limit, in tokens
    ANSWER_FILLS_WINDOW = "answer_fills_window"  # likewise: no question fits in beside it
    WINDOW_TOO_SMALL = "window_too_small"  # likewise
    WINDOW_SMALL = "window_small"  # likewise, without asked: config.json says nothing
    EFFORT_UNTESTED = "effort_untested"  # params: effort, which no test of that kind sends
    DOCKER_LOCALHOST = "docker_localhost"  # params: provider, base
    MAIN_FAILS = "main_fails"  # an override is set although main does not work
    SIGN_IN = "sign_in"  # params: provider; the agent must be signed in there
    NO_EYES = "no_eyes"  # main's model takes no images and no vision model is set; params: model
    KEY_EXAMPLE = "key_example"  # the agent counts a mask or an example as a key
    KEY_VARIABLE = "key_variable"  # likewise a variable in a form that it does not read
    KEY_UNSENDABLE = "key_unsendable"  # likewise what no header can carry
    KEY_QUOTED = "key_quoted"  # a quotation mark in it: there may be more than the key
    KEY_BLANK = "key_blank"  # likewise a blank
    KEY_LONG = "key_long"  # too long for a key
    BASE_UNUSABLE = "base_unusable"  # likewise a base that nothing can call
    UNTESTED = "untested"  # fields of its entry that no test from here uses; provider, names
    TWIN = "twin"  # an entry that the agent never reads by its name; params: name, other
    ONLY_IN_FILE = "only_in_file"  # an entry that is not set up here
    PRESET_WINS = "preset_wins"  # params: preset; main's model is not what the agent takes
    PRESET_MISSING = "preset_missing"  # params: preset; there is none of that name
    EMPTY_MODEL = "empty_model"  # main's model is the empty text
    NO_KEY = "no_key"  # the agent refuses to make the provider; params: provider
    NO_BASE = "no_base"  # likewise
    PROXY_UNSUPPORTED = "proxy_unsupported"  # likewise
    TRANSCRIPTION_ONLY = "transcription_only"  # likewise
    MEDIA_UNKNOWN = "media_unknown"  # a media provider that no document tells of; params: name
    MEDIA_UNDOCUMENTED = "media_undocumented"  # likewise a kind of chat; params: provider


class Fix(StrEnum):
    PIN = "pin"  # name the provider that it resolves to; params: provider
    CHOOSE_PROVIDER = "choose_provider"
    CONFIGURE = "configure"  # open the provider's page; params: provider
    TEST = "test"  # params: provider
    REPLACE_KEY = "replace_key"  # on the provider's page; params: provider
    USE_MODEL = "use_model"  # params: models, the nearest names
    CHOOSE_MODEL = "choose_model"
    ADD_DEPLOYMENT = "add_deployment"  # params: provider, model
    USE_DOCKER_HOST = "use_docker_host"  # params: provider, base
    CLEAR_OVERRIDE = "clear_override"
    SIGN_IN = "sign_in"  # params: provider
    USE_AUTO = "use_auto"  # let the agent choose
    CORRECT = "correct"  # the value, on the provider's page; params: provider
    CHOOSE_VISION = "choose_vision"


SEVERITIES: Mapping[Code, Severity] = {
    Code.UNRESOLVED: "error",
    Code.UNKNOWN_PROVIDER: "error",
    Code.OAUTH_NEEDS_CHOICE: "error",
    Code.NOT_CONFIGURED: "error",
    Code.KNOWN_BAD: "error",
    Code.KEY_EXPIRES: "warning",
    Code.KEY_EXPIRED: "error",
    Code.GATEWAY_FALLBACK: "warning",
    Code.KEY_FALLBACK: "warning",
    Code.MODEL_MISSING: "warning",
    Code.MODEL_GONE: "warning",
    Code.MODEL_RETIRES: "warning",
    Code.MODEL_RETIRED: "error",
    Code.DEPLOYMENT_UNKNOWN: "warning",
    Code.NO_IMAGE_INPUT: "warning",
    Code.NO_IMAGE_OUTPUT: "warning",
    Code.NO_VIDEO_OUTPUT: "warning",
    Code.NO_TEXT_OUTPUT: "warning",
    Code.ANSWER_TOO_LONG: "warning",
    Code.ANSWER_FILLS_WINDOW: "warning",
    Code.WINDOW_TOO_SMALL: "warning",
    Code.WINDOW_SMALL: "note",
    Code.EFFORT_UNTESTED: "note",
    Code.DOCKER_LOCALHOST: "note",
    Code.MAIN_FAILS: "warning",
    Code.SIGN_IN: "note",
    Code.NO_EYES: "note",
    Code.KEY_EXAMPLE: "error",
    Code.KEY_VARIABLE: "error",
    Code.KEY_UNSENDABLE: "error",
    Code.BASE_UNUSABLE: "error",
    Code.UNTESTED: "warning",
    Code.TWIN: "warning",
    Code.ONLY_IN_FILE: "note",
    Code.PRESET_WINS: "warning",
    Code.PRESET_MISSING: "error",
    Code.EMPTY_MODEL: "error",
    Code.NO_KEY: "error",
    Code.NO_BASE: "error",
    Code.PROXY_UNSUPPORTED: "error",
    Code.TRANSCRIPTION_ONLY: "error",
    Code.MEDIA_UNKNOWN: "warning",
    Code.MEDIA_UNDOCUMENTED: "warning",
    Code.KEY_QUOTED: "warning",
    Code.KEY_BLANK: "warning",
    Code.KEY_LONG: "warning",
}
Params = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Lint:
    code: Code
    slot: str
    params: Params = field(default_factory=dict)
    fix: Fix | None = None
    fix_params: Params = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return SEVERITIES[self.code]
