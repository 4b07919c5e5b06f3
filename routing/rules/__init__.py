"""Which provider would serve a model, and why. Pure: no Django, no rows, no files."""
