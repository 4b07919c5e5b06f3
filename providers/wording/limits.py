"""Sentences for money and quotas that are used up, and for too many requests."""

from django.utils.translation import gettext_lazy as _

from providers.spec.outcomes import Outcome
from providers.wording.shape import Sentences

LIMITS: Sentences = {
    Outcome.NO_CREDIT: {
        "": (
            _(
                "The key is fine, but its balance, plan or limit is used up. Top up or raise it in "
                "the provider's console, or try again in %(wait)s."
            ),
            _(
                "The key is fine, but its balance, plan or limit is used up. Top up or raise it in "
                "the provider's console."
            ),
        ),
        "key_limit": _(
            "A limit on spending or use of this key or account is reached. Raise it in the "
            "provider's console, or wait for its next period."
        ),
        "no_quota": _(
            "The account may not use %(model)s at all: its quota is 0, as on the free tier. Set up "
            "billing in the provider's console, or choose another model."
        ),
        "plan_window": (
            _(
                "The plan's quota for this period is used up. It renews by itself: try again in "
                "%(wait)s."
            ),
            _(
                "The plan's quota for this period is used up. It renews by itself; the provider's "
                "console says when."
            ),
        ),
        "plan_over": _(
            "The plan has expired. Renew it in the provider's console, then test again."
        ),
        "day_quota": _(
            "The account's allowance of tokens a day is used up. Wait for the next day, or ask AWS "
            "for a higher quota of this model."
        ),
        "free_day": (
            _(
                "The account's free requests for today are used up. Try again in %(wait)s, or add "
                "credits in the provider's console."
            ),
            _(
                "The account's free requests for today are used up. Wait for the next day, or add "
                "credits in the provider's console."
            ),
        ),
        "free_tier_only": _(
            "The free quota of this model is used up, and the account is set to use nothing else. "
            "Switch off its free tier only mode in the provider's console."
        ),
        "front": _(
            "A page or a plain text says that something must be paid, so it may come from a "
            "gateway in front of the API. Look at the account there; the key is not proven."
        ),
        "arrears": _(
            "The key is fine, but its account has a bill to pay or no balance left. Settle that in "
            "the provider's console."
        ),
    },
    Outcome.RATE_LIMITED: {
        "": (
            _(
                "Too many requests came just now, which says nothing against the key. Try again in "
                "%(wait)s."
            ),
            _(
                "Too many requests came just now, which says nothing against the key. Try again in "
                "a moment."
            ),
        ),
        "front": (
            _(
                "Something in front of the API, such as a firewall, let no more calls through. The "
                "key is neither proven nor refused. Try again in %(wait)s."
            ),
            _(
                "Something in front of the API, such as a firewall, let no more calls through. The "
                "key is neither proven nor refused. Try again in a while, or from another network."
            ),
        ),
        "proof_limited": (
            _(
                "The provider limits how often a token may be verified, so this one is neither "
                "proven nor refused. Try again in %(wait)s."
            ),
            _(
                "The provider limits how often a token may be verified, so this one is neither "
                "proven nor refused. Try again in a few minutes."
            ),
        ),
    },
}
