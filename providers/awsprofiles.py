"""AWS profiles with static keys, from the operator's own credentials file.

Only names that AWS_PROFILES_ALLOWED opens are read. Roles, SSO and instance metadata are for the
agent to resolve: nothing here runs a program or asks a service.
Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

import configparser
import os
from pathlib import Path

from django.conf import settings

from providers.secret import Secret

_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}


def keys_of(profile: str) -> dict[str, Secret]:
    """The static keys of an opened profile by field name; {} when there are none to be used."""
    if profile not in settings.AWS_PROFILES_ALLOWED:
        return {}
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read_string(path.read_text())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    if profile not in file:
        return {}
    found = {ours: file[profile].get(theirs, "").strip() for theirs, ours in _NAMES.items()}
    if not (found["access_key_id"] and found["secret_access_key"]):
        return {}
    return {name: Secret(text) for name, text in found.items() if text}
