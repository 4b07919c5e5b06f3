"""The .env files that are given out: beside config.json, and for the quickstart. Not here: what a
pasted one means (pasted/), and which names a secret gets (export.py)."""
