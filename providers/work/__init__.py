"""Tests and fetches under way: started, handed to Celery, carried out, told.

Their rows are in models/, what is asked and what an answer means in dialects/.
"""
