"""Simulated LLM providers: real HTTP and HTTPS servers on loopback, good and bad.

Written from the vendors' documents and independent of the product: nothing here imports it.
`with Simulators(folder) as sims:` starts them; `python -m tests.simulators --state DIR` does so
as a process of its own.
"""

from tests.simulators.server import Call, Simulators

__all__ = ["Call", "Simulators"]
