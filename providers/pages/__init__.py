"""What pages of providers show: rows with words, read-only records.

Kept out: rows of model lists (catalog), and what takes a person's input (forms).
"""
