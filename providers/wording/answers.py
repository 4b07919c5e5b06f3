"""Outcomes that an answer was read to mean: success, requests, faults of the server."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

# Of a fetch.
LISTED = (
    _(
        "Models listed: %(count)s. Rows not kept: %(dropped)s, of them without a usable id: "
        "%(unnamed)s."
    ),
    _("Models listed: %(count)s. Rows not kept: %(dropped)s."),
    _("Models listed: %(count)s."),
)
ANSWERS: Sentences = {
    Outcome.OK: {
        "": (
            _("The model %(model)s answered."),
            *LISTED,
            _("The provider accepted the key and answered as it should."),
        ),
        "held": _(
            "A list of %(count)s models came; %(stored)s are stored. So much shorter a list may be "
            "an interrupted one: the stored one stays until somebody says on the provider's page "
            "which of them is right."
        ),
        "goes_on": (
            _(
                "Models listed: %(count)s. Rows not kept: %(dropped)s. The list goes on, but its "
                "further pages could not be read; a name that is missing here can be typed."
            ),
            _(
                "Models listed: %(count)s. The list goes on, but its further pages could not be "
                "read; a name that is missing here can be typed."
            ),
            _(
                "The list goes on, but its further pages could not be read; a name that is missing "
                "here can be typed."
            ),
        ),
        "hosts_file": _("Taken from the operator's hosts file; no name server was asked."),
        "by_proxy": _("The operator's proxy looks the name up."),
        "through": _("The operator's proxy lets the call through."),
        "literal": _("The address is numeric, so there was no name to look up."),
        "unresolved": _(
            "The form is right. Whether it may be called depends on where the name leads."
        ),
        "no_models": _(
            "The server answers, but has no model yet. Load or pull one there, then fetch the list."
        ),
        "no_list_scope": _(
            "The key works: a model answered. It may not list models, so type their names by hand."
        ),
        "no_list": _(
            "The model answered. This server offers no list of models, so type their names by hand."
        ),
        "not_streamed": (
            _(
                "The model %(model)s answered, but at once, although a stream was asked for as the "
                "agent does. If the agent gets no answer, the server cannot stream."
            ),
            _(
                "The model answered, but at once, although a stream was asked for as the agent "
                "does. If the agent gets no answer, the server cannot stream."
            ),
        ),
        "other_api": _(
            "The model answered by chat completions. The agent may ask by the newer API of "
            "responses, which this server does not offer."
        ),
        "messages_only": _(
            "The model answered in Anthropic's format. The agent may ask for chat completions, "
            "which are not offered for this model."
        ),
        "small_window": (
            _(
                "%(model)s answered, but in its window of %(limit)s tokens the agent's "
                "instructions and tools do not fit. Let the server load it with 64,000: "
                "OLLAMA_CONTEXT_LENGTH of Ollama, the context length in LM Studio, "
                "--max-model-len of vLLM."
            ),
            _(
                "The model answered, but with a window in which the agent's instructions and tools "
                "do not fit. Let the server load it with 64,000 tokens."
            ),
        ),
        "few_tokens": (
            _(
                "The model %(model)s answered this short call. The agent asks for %(asked)s "
                "tokens, and the account may use %(limit)s a minute, so the agent's calls may be "
                "refused. Lower agents.defaults.maxTokens in config.json."
            ),
            _(
                "The model answered this short call. The agent asks for more tokens than the "
                "account may use a minute, so its calls may be refused. Lower "
                "agents.defaults.maxTokens in config.json."
            ),
        ),
        "no_pictures": _(
            "The model answered a word and refused a picture. The agent sends it pictures: it "
            "would go on without them."
        ),
        "pictures_left_out": _(
            "The model answered. The agent sends it no pictures, so the vision route wants another."
        ),
        "unfinished": (
            _(
                "The model %(model)s began to answer, but its stream came without an end. If the "
                "agent gets no answer, that is the cause."
            ),
            _(
                "The model began to answer, but its stream came without an end. If the agent gets "
                "no answer, that is the cause."
            ),
        ),
        "list_refused": _(
            "The model answered. What was asked before it, such as the list of models, was "
            "refused; where there is no list, type model names by hand."
        ),
        "list_unread": _(
            "The model answered. The list of models could not be read, so type their names by hand."
        ),
        "credit_told": _(
            "The model answered, although the provider reports nothing left to spend. Look at the "
            "balance or limit in its console."
        ),
        "permission_unproven": _(
            "The token is good. Whether it may call models shows only with one: include a model in "
            "the test."
        ),
        "model_proves": _("Nothing else here could prove the key, but a model answered with it."),
    },
    Outcome.REACHABLE_UNVERIFIED: {
        "": _(
            "The server answers, but nothing that was asked can prove this key. Include a model in "
            "the test to be sure."
        ),
        "empty_list": _(
            "The list of models came back empty, which proves nothing about the key. Check its "
            "project and region, or include a model in the test."
        ),
        "public_list": _(
            "What was asked is answered to anybody, with or without a key. Include a model in the "
            "test to prove this one."
        ),
        "key_not_checked": _(
            "The server gives the same answer without the key, so it does not seem to look at it. "
            "If it should, start it with a key."
        ),
        "control_failed": _(
            "The server answers, but the same call without the key failed in another way, so the "
            "key is not proven. Test again in a moment."
        ),
        "proof_elsewhere": _(
            "The server answers, but the call that proves a key is offered only at the provider's "
            "own address, not at this one. Include a model in the test."
        ),
    },
    Outcome.BAD_REQUEST: {
        "": (
            _(
                "The provider refused the test request for %(model)s, for a reason that is not "
                "known here. Its own words may tell it; look at the extra body, too."
            ),
            _(
                "The provider refused the test request, for a reason that is not known here. Its "
                "own words may tell it; look at the API base, extra headers and extra body, too."
            ),
        ),
        "front": _(
            "A page or a plain text came instead of the API's answer, so something in between, "
            "such as a proxy, may have refused the call. Check the API base, and what stands there."
        ),
        "listed": (
            _(
                "The provider's own list has %(model)s, but the test's call of it was refused: it "
                "may be made for another API, or not be open to this account yet."
            ),
            _(
                "The provider's own list has this model, but the test's call of it was refused: it "
                "may be made for another API, or not be open to this account yet."
            ),
        ),
        "plain_form": (
            _(
                "The provider refused the smallest request for %(model)s, sent to %(call)s, for a "
                "reason that is not known here. Its own words may tell it; else try another model."
            ),
            _(
                "The provider refused the smallest request for a model, for a reason that is not "
                "known here. Its own words may tell it; else try another model."
            ),
        ),
        "not_chat": (
            _(
                "%(model)s is not made for chat: it answers another API, which this test cannot "
                "try. Key and name are fine."
            ),
            _(
                "This model is not made for chat: it answers another API, which this test cannot "
                "try. Key and name are fine."
            ),
        ),
        "unsent_body": _(
            "The agent asks this model by OpenAI's API of responses, and its client sends none of "
            "these fields of the extra body there: %(names)s. With them it makes no call at all. "
            "Remove them, or choose a model that is asked by chat completions."
        ),
        "no_stream": (
            _(
                "The answer of %(model)s cannot be streamed, and the agent asks for a stream "
                "always. Switch streaming on at the server, or choose another model or server."
            ),
            _(
                "The answer cannot be streamed, and the agent asks for a stream always. Switch "
                "streaming on at the server, or choose another model or server."
            ),
        ),
        "no_tools": (
            _(
                "%(model)s takes no tools, and the agent sends its tools with every call. Choose "
                "a model that can use tools, or switch them on at your own server."
            ),
            _(
                "The model takes no tools, and the agent sends its tools with every call. Choose "
                "one that can use tools, or switch them on at your own server."
            ),
        ),
        "few_tokens": (
            _(
                "%(model)s answers short calls only: the agent asks for %(asked)s tokens, and the "
                "account may use %(limit)s a minute. Lower agents.defaults.maxTokens in "
                "config.json, or ask the provider for a higher limit."
            ),
            _(
                "The model answers short calls only: the agent asks for more tokens than the "
                "account may use a minute. Lower agents.defaults.maxTokens in config.json, or ask "
                "the provider for a higher limit."
            ),
        ),
        "no_pictures": _(
            "The model refuses pictures: it answered a word alone. The agent would go on without "
            "the picture and see nothing. Choose one that takes images, or switch them on at your "
            "own server."
        ),
        "pictures_left_out": _(
            "The agent leaves pictures out of what it sends to this model, so it would see "
            "nothing. Choose another model for the vision route."
        ),
        "temperature": _(
            "The model refuses the temperature that the agent sends, %(temperature)s. Set "
            "agents.defaults.temperature in config.json to one that it takes, mostly 1, and import "
            "the file here. Or choose another model."
        ),
        "effort": _(
            "The model refuses the reasoning effort that the agent sends. Set "
            "agents.defaults.reasoningEffort in config.json to one that it knows, or take it out, "
            "and import the file here. Or choose another model."
        ),
        "no_system": (
            _(
                "%(model)s takes no system message, and the agent sends its instructions as one "
                "with every call. Choose another model."
            ),
            _(
                "The model takes no system message, and the agent sends its instructions as one "
                "with every call. Choose another model."
            ),
        ),
        "header_wanted": _(
            "A gateway in front of the API wants the header %(header)s, which is missing or wrong. "
            "Give it under extra headers, as the gateway's documents say. The key was not looked "
            "at."
        ),
        "origin_header": _(
            "The provider took the call for one from a web page. Something in between adds an "
            "Origin header; a proxy at the API base must leave it out."
        ),
        "unsendable": _(
            "The extra body holds a value that is no JSON, so nothing was sent. Correct it."
        ),
        "bad_header": _(
            "An extra header has a name that may not be sent, so nothing was. Rename or remove it."
        ),
    },
    Outcome.SERVER_ERROR: {
        "": (
            _("The provider has a fault of its own right now. Try again in %(wait)s."),
            _("The provider has a fault of its own right now. Try again later."),
        ),
        "front": (
            _(
                "An error page or a plain text came from a server in between, not the API's "
                "answer. Try again in %(wait)s."
            ),
            _(
                "An error page or a plain text came from a server in between, not the API's "
                "answer. Try again; if it stays so, look at that server."
            ),
        ),
        "origin_away": _(
            "A proxy or gateway answers, but nobody behind it does: the origin is away. Check that "
            "the server behind it runs, then try again."
        ),
        "loading": (
            _("The model is still being loaded. Try again in %(wait)s."),
            _("The model is still being loaded. Wait a moment, then try again."),
        ),
        "load_failed": (
            _(
                "The server could not load or run %(model)s: memory may be short, its version too "
                "old, or the model's file broken. Its own log says which."
            ),
            _(
                "The server could not load or run a model: memory may be short, its version too "
                "old, or the model's file broken. Its own log says which."
            ),
        ),
        "upstream_key": _(
            "The gateway answers, but the vendor behind it refuses the gateway's own key for "
            "%(model)s. Whoever runs the gateway must renew that one; yours is not meant."
        ),
    },
}
