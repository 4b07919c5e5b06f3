"""The agent that reads config.json: its file on disk, and writing it."""
