"""The root of a tree of hashes, and the signature of the ledger."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from .terms import Finding


def merkle_root(hashes):
    while len(hashes) > 1:
        above = [hashlib.sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)]
        if len(hashes) % 2:
            above.append(hashes[-1])
        hashes = above
    return hashes[0]


class PublicKey:

    def __init__(self, text):
        digits = text.strip()
        if len(digits) == 64:
            self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits))
        else:
            self._key = load_pem_public_key(text.encode())
        if not isinstance(self._key, Ed25519PublicKey):
            raise ValueError("the public key is not one of Ed25519")
        self.id = hashlib.sha256(self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]

    def successor(self, key, signature):
        """The key that signs from the next record on, for which this one vouches."""
        if not self.is_signed(b"frikort signing key " + key, signature):
            raise Finding("names another key that the key before does not vouch for")
        return PublicKey(key.hex())

    def is_signed(self, message, signature):
        try:
            self._key.verify(signature, message)
            return True
        except InvalidSignature:
            return False
