"""The tests, by the packages that they are about."""

import os

IS_FREE = os.environ.get("FUZZ") == "free"  # Hypothesis draws new values, and more of them
