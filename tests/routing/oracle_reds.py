"""Where the site and the agent's ancestor differ: the one table of it, each row with its reason.

Nothing here makes a green light of ours false: where the client got no answer, none is green.

Not put before both, with the source of what is known:
- the retries of a turn: a test asks once;
- what an agent learns as it runs: after three refusals it asks OpenAI by chat completions at once,
  which a test does as well, after one (nanobot-ai 0.3.5, providers/openai_compat_provider.py);
- what stands in a live file beside the fields that are kept here and changes the API that is asked:
  `apiType` of OpenAI (nanobot-ai 0.3.5, config/schema.py);
- extra headers at Azure: the ancestor sends none; the site does, since the agent's documents name
  them for all compatible providers (https://facio.bot/docs/providers).
"""

# Kinds that the battery leaves out. The source of a row is what was read of the agent.
LEFT_OUT = {
    "github_copilot": "signs in at the agent; nothing can be called from here",
    "openai_codex": "signs in at the agent; nothing can be called from here",
}

# The client follows a redirect of a completion on the same origin; the test names its target
# instead, for no key goes where nobody entered it.
RED_HERE = {
    ("anthropic", "moved-307"): "a redirect is named with its target and not followed",
    ("azure_openai", "moved-307"): "a redirect is named with its target and not followed",
}
