"""A security key in software, for pages that are asked through Django's client."""

import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HOST = "localhost"
ORIGIN = f"http://{HOST}"
FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class SecurityKey:
    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.credential = AttestedCredentialData.create(
            Aaguid.NONE, b"k" * 16, ES256.from_cryptography_key(self.private.public_key())
        )
        self.user_handle = ""

    def make(self, options: Any) -> str:
        """What a browser posts for the creation options of the page that adds a passkey."""
        asked = options["publicKey"]
        self.user_handle = asked["user"]["id"]
        data = AuthenticatorData.create(
            sha256(HOST.encode()), FLAGS | AuthenticatorData.FLAG.AT, 0, self.credential
        )
        return self._posted(
            clientDataJSON=websafe_encode(_client_data("webauthn.create", asked["challenge"])),
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def answer(self, options: Any) -> str:
        """What a browser posts for the request options of a page that asks for a passkey."""
        client_data = _client_data("webauthn.get", options["publicKey"]["challenge"])
        data = AuthenticatorData.create(sha256(HOST.encode()), FLAGS, 1)
        signed = self.private.sign(data + sha256(client_data), ec.ECDSA(hashes.SHA256()))
        return self._posted(
            clientDataJSON=websafe_encode(client_data),
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signed),
            userHandle=self.user_handle,
        )

    def _posted(self, **response: str) -> str:
        own_id = websafe_encode(self.credential.credential_id)
        whole = {"id": own_id, "rawId": own_id, "type": "public-key", "response": response}
        return json.dumps(whole)


def _client_data(kind: str, challenge: str) -> CollectedClientData:
    return CollectedClientData.create(kind, websafe_decode(challenge), ORIGIN)
