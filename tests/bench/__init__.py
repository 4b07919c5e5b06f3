"""Benchmark programs: ratios between sides that take turns in one run on one machine.

`python -m tests.bench` starts the site as `make run` does, the floor (floor/, a bare Django page
served the same way) and nanobot's WebUI, lets them take turns, prints a table and writes
docs/benchmarks.md. Nothing here asserts a time.
"""
