"""Which model does which job, the config.json that says so, and the watch over it.

Kept out: how a provider is spoken to (providers).
"""
