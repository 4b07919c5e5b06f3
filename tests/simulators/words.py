"""Behaviour words: what a demo key, or a leading `~word` in the path, asks a simulator to do.

Pure text work. Which answer belongs to a word is each kind's own business.
"""

import re
from collections.abc import Iterable

# Words that mean the same for every kind.
GOOD, BAD = "good", "bad"
COMMON = frozenset(
    {
        GOOD,
        BAD,
        "nocredit",
        "limited",
        "forbidden",
        "error",
        "hang",
        "html",
        "malformed",
        "empty",
        "changing",
        "pages",  # small pages whatever size was asked for
        "loop",  # the cursor of the next page never moves
        "redirect",
        "drop",  # closes without an answer
        "nostream",  # refuses to stream
        "unstreamed",  # answers at once although a stream was asked for
        "blind",  # refuses pictures
        "fixed",  # refuses any temperature but 1
        "drip",  # a byte at a time
        "flood",  # a body without an end
        "bomb",  # a small gzip body that unpacks to 64 MB
        "cn",  # key of a Chinese account
        "intl",  # key of an international account
    }
)

# Words of single kinds; see README.md.
SPECIAL = frozenset(
    {
        "aqchat", "arrays", "arrearage", "auth", "badmessage", "billing", "body200", "capacity",
        "compat", "country", "decommissioned", "expired", "freelimit", "golimit", "guarded",
        "hostcheck", "ipblocked", "keyed", "leaked", "location", "low", "management", "modelerror",
        "models", "monthlylimit", "narrow", "nested", "noaccess", "nolist", "nolist405",
        "nolist501", "nopermission", "noplan", "noscope", "nosub", "notopen", "old", "onhold",
        "overloaded", "public", "quota", "region", "restricted", "short", "spendlimit", "unlimited",
        "unpurchased", "userlimit", "v0", "v1missing", "whoami429", "window", "wrongregion",
    }
)  # fmt: skip

COUNTED = re.compile(r"(slow|huge|code|status)(\d{0,6})")
_AWS_ID = re.compile(r"A[KS]IADEMO([A-Z]+?)0*")
_PATH_WORDS = re.compile(r"((?:/~[a-z0-9]+)+)(?=/|$)")

# Key prefixes that name their owner beyond doubt; longest first.
_OWNERS = {
    "sk-ant-": "anthropic",
    "sk-or-": "openrouter",
    "sk-proj-": "openai",
    "sk-svcacct-": "openai",
    "sk-admin-": "openai",
    "gsk_": "groq",
    "hf_": "huggingface",
    "AIza": "gemini",
    "AQ.": "gemini",
    "ABSK": "bedrock",
    "bedrock-api-key-": "bedrock",
    "sk-cp-": "minimax",
    "sk-api-": "minimax",
    "sk-ws-": "dashscope",
    "sk-sp-": "alibaba coding plan",
    "LTAI": "alibaba account",
    "sk-kimi-": "kimi coding",
    "sk-lm-": "lm_studio",
    "xai-": "xai",
    "gho_": "github",
    "ghu_": "github",
    "ghp_": "github",
    "github_pat_": "github",
    "AKIA": "aws",
    "ASIA": "aws",
}


def _known(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(
        token for token in tokens if token in COMMON or token in SPECIAL or COUNTED.fullmatch(token)
    )


def split_path(path: str) -> tuple[str, str]:
    """`/~hang/~slow/v1/models` -> (`/~hang/~slow`, `/v1/models`); no words: (``, path)."""
    found = _PATH_WORDS.match(path)
    return (found[1], path[found.end() :] or "/") if found else ("", path)


def words_of_prefix(prefix: str) -> frozenset[str]:
    return _known(prefix.replace("~", "").split("/"))


def words_of_key(key: str) -> frozenset[str]:
    """The words of a demo key. Any other key is a wrong one."""
    aws = _AWS_ID.fullmatch(key)
    tokens = [aws[1].lower()] if aws else re.split(r"[^A-Za-z0-9]+", key.lower())
    return _known(tokens) or frozenset({BAD})


def belongs_elsewhere(key: str, kind: str) -> bool:
    """True when the prefix shows that another vendor made this key."""
    for prefix in sorted(_OWNERS, key=len, reverse=True):
        if key.startswith(prefix):
            return _OWNERS[prefix] != kind
    return False


def number_of(words: frozenset[str], name: str, default: int) -> int | None:
    """The number behind a counted word (`slow250` -> 250), its default when bare, None without."""
    for word in words:
        found = COUNTED.fullmatch(word)
        if found and found[1] == name:
            return int(found[2]) if found[2] else default
    return None
