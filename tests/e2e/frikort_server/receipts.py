"""Checks the receipts of results: hashes, path and signature."""

import hashlib

from .items import compact


def leaf_hash(texts):
    """Hash of a run of results, each as sent and followed by a newline."""
    return hashlib.sha256(b"\x00" + b"".join(text + b"\n" for text in texts)).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(leaf, path):
    """The root that a path leads to from a leaf."""
    current = leaf
    for step in path:
        if set(step) == {"left"}:
            current = node_hash(bytes.fromhex(step["left"]), current)
        elif set(step) == {"right"}:
            current = node_hash(current, bytes.fromhex(step["right"]))
        else:
            raise AssertionError(f"a step of a receipt path is {{left}} or {{right}}, got {step!r}")
    return current


def result_text(result):
    return compact(result).encode()


def receipt_root_matches(receipt, texts):
    """`texts` are all results of the request, as bytes, in order."""
    mine = texts[receipt["first"]:receipt["last"] + 1]
    return climb(leaf_hash(mine), receipt["path"]) == bytes.fromhex(receipt["root"])


def b64url(text):
    import base64
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signature_valid(receipt, jwks):
    """Ed25519 over the 32 root bytes, with the key of the set that the receipt names."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    for key in jwks["keys"]:
        if key.get("kid") == receipt["keyId"] and key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
            public = Ed25519PublicKey.from_public_bytes(b64url(key["x"]))
            try:
                public.verify(bytes.fromhex(receipt["signature"]), bytes.fromhex(receipt["root"]))
                return True
            except InvalidSignature:
                return False
    raise AssertionError(f"no Ed25519 key {receipt['keyId']!r} in the key set")
