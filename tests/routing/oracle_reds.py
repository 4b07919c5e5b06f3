"""Where the site and the agent's ancestor differ: the one table of it, each row with its reason.

Nothing here makes a green light of ours false: where the client got no answer, none is green.
"""

# Kinds that the battery leaves out. The source of a row is what was read of the agent.
LEFT_OUT = {
    "bedrock": "the ancestor calls it by boto3, which its package leaves out",
    "github_copilot": "signs in at the agent; nothing can be called from here",
    "openai_codex": "signs in at the agent; nothing can be called from here",
}

# The client follows a redirect of a completion on the same origin; the test names its target
# instead, for no key goes where nobody entered it.
RED_HERE = {
    ("anthropic", "moved-307"): "a redirect is named with its target and not followed",
    ("azure_openai", "moved-307"): "a redirect is named with its target and not followed",
}
