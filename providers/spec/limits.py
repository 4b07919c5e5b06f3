"""How long what a person or a file enters may be. Every form, row, import and command asks here."""

from typing import Final

BASE_LENGTH: Final = 2_048  # characters of an API base
BODY_BYTES: Final = 64 * 1024  # of an extra body, and of a pasted curl line
MODEL_LENGTH: Final = 300  # characters of a model's id, and of its name
DEPLOYMENT_LENGTH: Final = 128  # characters of an Azure deployment's name
