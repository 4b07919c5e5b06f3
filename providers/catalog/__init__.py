"""Model lists: fetched, read, kept and shown. Kept out: how a provider is spoken to (dialects)."""
