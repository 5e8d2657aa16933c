"""Partner tokens as the documents demand them: RS256, verified against the partner's public keys.

A token has ``exp``, ``iss`` and ``aud``, and one claim, agreed with the partner, that names the user. Statuses and
texts of refusals are those of the documents' troubleshooting table; they are free text, no error ids.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from workbench.errors import ConfigurationError
from workbench.simulator.refusals import refusal

__all__ = ["PartnerKeys", "load_partner_keys"]

_REQUIRED = ["exp", "iss", "aud"]


class PartnerKeys:
    """Public keys of a partner and the claim that names its users.

    Args:
        keys: by ``kid``; the key of a PEM file, which has no id, is under None and fits every token.
        claim: name of the claim.
    """

    def __init__(self, keys: dict[str | None, RSAPublicKey], claim: str) -> None:
        self._keys = keys
        self._claim = claim

    def user_of(self, token: str, *, required: bool = True) -> str | None:
        """Whom a partner token names.

        Args:
            token: as login and register carry it.
            required: whether it must name somebody; a token that an organisation shares cannot.

        Raises:
            ServiceError: 400 for what is no RS256 token or names nobody, 401 for one that is not valid.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            header = {}
        if header.get("alg") != "RS256":
            raise refusal(400, "Malformed token")
        key = self._keys.get(header.get("kid"), self._keys.get(None))
        if key is None:
            raise refusal(401, "Token validation failed")
        try:
            # The documents do not say which issuer and audience are agreed, only that both must be there.
            claims = jwt.decode(token, key, algorithms=["RS256"], options={"require": _REQUIRED, "verify_aud": False})
        except jwt.InvalidTokenError:
            raise refusal(401, "Token validation failed") from None
        user = claims.get(self._claim)
        if isinstance(user, str) and user:
            return user
        if required:
            raise refusal(400, "Missing required identifier claim")
        return None


def load_partner_keys(path: Path, claim: str) -> PartnerKeys:
    """Keys from a PEM file with one public key, or from a JSON file with a key set (RFC 7517).

    Raises:
        ConfigurationError: unreadable, or without an RSA public key.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "partner key cannot be read",
            item=str(path),
            got=error.strerror,
            expected="a PEM public key or a JSON key set",
        ) from None
    try:
        keys = _key_set(json.loads(data)) if data.lstrip().startswith(b"{") else {None: load_pem_public_key(data)}
    except (ValueError, UnsupportedAlgorithm, jwt.PyJWTError):
        keys = {}
    usable = {name: key for name, key in keys.items() if isinstance(key, RSAPublicKey)}
    if not usable:
        raise ConfigurationError(
            "no RSA public key", item=str(path), expected="a PEM public key, or a JSON key set with RSA keys"
        )
    return PartnerKeys(usable, claim)


def _key_set(document: dict[str, Any]) -> dict[str | None, Any]:
    """Keys by id; those of other kinds are passed over."""
    return {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(document).keys}
