"""What was entered for each provider, whether it works, and which models it offers.

Kept out: which model does which job, and config.json (routing).
"""
