"""How providers are spoken to: requests from a declaration, and what an answer means.

Pure: no Django, no connection. Kept out: what is one kind's alone (kinds).
"""
