"""The site itself: settings, accounts, audit, sealing, and the processes that serve it all.

Kept out: what providers and routes are.
"""
