"""The vocabulary: what a kind declares, how a call can end, what a secret and its shape are.

The ground of this app: it imports nothing of it.
"""
