"""What pages of providers show, and the news that they wait for.

Kept out: rows of model lists (catalog), and what takes a person's input (forms.py, views.py).
"""
