"""Everything about config.json: read, compared, made, taken in, written, shown.

Kept out: which provider serves a route, and why (rules).
"""
