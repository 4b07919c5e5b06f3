"""The closed set of words that make an outcome more exact: the sentences cover all of them."""

from providers.spec.outcomes import Outcome

# Every `detail` that a judged answer can carry, under the outcomes it comes with. Most have a more
# exact sentence than their outcome in wording.py.
DETAILS: dict[Outcome, frozenset[str]] = {
    Outcome.OK: frozenset(
        {
            "no_models",  # a local server without a model
            "no_list_scope",  # the key may not list models, but a model answered
            "no_list",  # there is no list, but a model answered
            "not_streamed",  # a model answered at once where a stream was asked for
            "messages_only",  # a model answered by Anthropic's API, where the agent does not
            "other_api",  # a model answered by an API that the agent does not use at that kind
            "small_window",  # params: limit, in tokens; of a model that answered
            "no_pictures",  # of a model that is there to see; it answered without
            "pictures_left_out",  # likewise, by the agent itself
            "few_tokens",  # params: limit of tokens a minute, and asked; of a model that answered
            "unfinished",  # a model began to answer, but its stream had no end
            "list_refused",  # a model answered; what was asked before it was refused
            "list_unread",  # a model answered; the list could not be read
            "credit_told",  # a model answered, although nothing is said to be left
            "permission_unproven",  # the token is good; only a model call shows what it may do
            "model_proves",  # no answer to the key alone proved it; the model's did
        }
    ),
    Outcome.REACHABLE_UNVERIFIED: frozenset(
        {
            "empty_list",
            "public_list",  # what could be asked answers without a key too
            "key_not_checked",  # the server answers the same without the key
            "control_failed",  # the same call without the key brought neither yes nor no
            "proof_elsewhere",  # the call that proves the key is at an address not entered
        }
    ),
    Outcome.MISSING_CONFIG: frozenset(),  # params: fields
    Outcome.BAD_KEY: frozenset(
        {
            "unsendable",  # params: problem
            "front",  # a page or a plain text, perhaps of something in front of the provider
            "key_unseen",  # the server says that no key came along
            "key_elsewhere",  # params: header
            "key_required",  # the server asks for a key and none was entered
            "key_or_endpoint",
            "key_or_path",
            "region_or_plan",
            "key_or_region",
            "expired",
            "leaked",
            *("clock", "session_over"),  # AWS
            "master_key",  # LiteLLM without a database
        }
    ),
    Outcome.FORBIDDEN: frozenset(
        {
            "no_permission",  # it is said that one is missing
            "no_scope",  # the key lacks the scope to list models
            "no_model_scope",  # the key lacks the scope to call them
            "model_refused",  # a key that was proven is refused for a model
            "no_list_scope",
            "not_allowed_here",  # IP allow-list, network rules
            "not_a_member",
            "region_blocked",
            "management_key",
            "no_subscription",
            "on_hold",
            "unverified",  # the organisation, which some models want verified
            "terms",  # of a model, which nobody has accepted
            "needs_billing",
            "wrong_project",  # named by an extra header
            "no_inference_permission",
            "model_access",
            "use_case_form",  # these six are Bedrock's
            "marketplace",
            "payment",
            "account_closed",
            "iam",
            "bearer_denied",
            "host_not_allowed",
            "keys_off",  # the resource takes no keys at all
            "signed_out",  # a server of one's own has no sign-in for a model in its vendor's cloud
            "key_restricted",
            "html",  # an error page: perhaps something in front of the provider
            "front",
            "sign_in",  # params: scheme
        }
    ),
    Outcome.NO_CREDIT: frozenset(
        {
            *("key_limit", "plan_window", "arrears", "front", "day_quota"),
            *("no_quota", "free_day", "free_tier_only", "plan_over"),
        }
    ),
    Outcome.RATE_LIMITED: frozenset(
        {"proof_limited", "front"}
    ),  # the key call has a limit of its own
    Outcome.MODEL_NOT_FOUND: frozenset(
        {
            "deployment",
            "profile_needed",
            "not_activated",
            "not_in_plan",
            "retired",
            "no_endpoints",  # these three are OpenRouter's: privacy settings, allowed providers
            "no_allowed_provider",
            "not_served",
            "dedicated",
            "not_loaded",
        }
    ),
    Outcome.BAD_ENDPOINT: frozenset(
        {
            "bad_url",  # params: code
            "bad_region",
            "redirect",
            "redirect_slash",  # params of these: target
            "redirect_path",
            "redirect_https",  # params: base
            "redirect_http",
            "redirect_host",
            "redirect_sign_in",
            "wants_https",  # params: base
            "plain_key",  # params: base, in https: the agent's client sends no key without it
            "front",
            "suggest_base",  # params: base
            "call_pasted",  # params: base
            "no_list",
            "wrong_path",
            "regional_host",  # params: base, where it is a known one
            "api_version",
            "project_url",
        }
    ),
    Outcome.BAD_REQUEST: frozenset(
        {
            "origin_header",
            "header_wanted",  # params: header, of a gateway's own
            "front",
            "listed",  # the provider's own list has the model that it refused
            "plain_form",  # params: call; refused although nothing of the person's own was in it
            "not_chat",  # the model answers another API only
            "unsent_body",  # params: fields that the agent's client does not know
            "no_stream",  # the agent asks for a stream, which is refused
            "no_tools",  # the agent sends tools, which are refused
            "no_system",  # and instructions
            "no_pictures",  # of a route to a model that is there to see
            "pictures_left_out",  # likewise
            "few_tokens",  # of a route: too few a minute for the agent
            "temperature",  # params: temperature, the one that the agent sends
            "effort",  # of reasoning, likewise
        }
    ),
    Outcome.SERVER_ERROR: frozenset(
        {
            *("loading", "front", "origin_away"),
            "load_failed",
            "upstream_key",  # a gateway's own key to the vendor behind it
        }
    ),
    Outcome.TIMEOUT: frozenset({"front", "origin_away"}),
    Outcome.UNEXPECTED_RESPONSE: frozenset(
        {
            *("html", "not_json", "broken_json", "error_body", "wrong_shape", "no_choice"),
            # of a route: such an answer is none to the agent
            *("not_streamed", "unfinished", "other_api", "messages_only", "small_window"),
        }
    ),
    Outcome.DNS_ERROR: frozenset({"azure_resource", "bedrock_region"}),
    Outcome.REFERENCE: frozenset({"aws_profile"}),  # params: fields
}
