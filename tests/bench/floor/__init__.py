"""The floor: what Django itself costs. One page with one query behind a login, nothing else.

Also the plainest ways from a click to a result by Celery: a row that is fetched again every second,
and a row that waits for one message. Served by gunicorn, worker and broker as the site is.
"""
