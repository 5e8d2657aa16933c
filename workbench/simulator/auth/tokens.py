"""Tokens of the simulator: RS256 JWTs with a life of one hour, and the key set that verifies them (S-12, S-26, S-28).

The key pair is made when the simulator starts, unless its caller has one, and is never written anywhere.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from workbench.simulator.refusals import refusal

__all__ = ["Identity", "TokenAuthority"]

KEY_ID = "sdp-pub"
_ISSUER = "suki-simulator"
_AUDIENCE = "sdp"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    Attributes:
        partner_id: whose sessions they are; another partner's are foreign.
        provider_id: the clinician, None if the partner's token does not tell them apart.
        owns_sessions: whether sessions belong to the provider and not to the partner: under Single Auth (S-219).
    """

    partner_id: str
    provider_id: str | None = None
    owns_sessions: bool = False

    def stranger_to(self, owner: Identity) -> str | None:
        """Whose the sessions of ``owner`` are, for a refusal; None if this identity may use them."""
        if self.partner_id != owner.partner_id:
            return "another partner"
        if self.owns_sessions and owner.owns_sessions and self.provider_id != owner.provider_id:
            return "another provider"
        return None


class TokenAuthority:
    """Issues and verifies Suki tokens.

    Args:
        life_s: from issue to expiry.
        wall_s: Unix time.
        key: what tokens are signed with; None makes a key pair of 2,048 bits.
    """

    def __init__(
        self, life_s: float, wall_s: Callable[[], float] = time.time, key: RSAPrivateKey | None = None
    ) -> None:
        self._life_s = life_s
        self._wall_s = wall_s
        self._generation = 0
        self._key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self._key.public_key()

    def issue(self, identity: Identity) -> str:
        """A token for ``identity``."""
        now_s = int(self._wall_s())  # NumericDate of RFC 7519 may have a fraction; the service's never has
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": identity.provider_id or identity.partner_id,
            "partner_id": identity.partner_id,
            "provider_id": identity.provider_id,
            "iat": now_s,
            "exp": now_s + round(self._life_s),
            "jti": str(uuid.uuid4()),
            "generation": self._generation,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})

    def verify(self, token: str | None) -> Identity:
        """Who a token speaks for.

        Raises:
            ServiceError: 401 ``invalid_sdp_token`` (S-14).
        """
        if not token:
            raise refusal(401, "invalid_sdp_token: header sdp_suki_token is missing")
        try:
            # The expiry is judged below: this clock may be another one than the library's.
            claims = jwt.decode(
                token, self._public, algorithms=["RS256"], audience=_AUDIENCE, issuer=_ISSUER,
                options={"verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except (jwt.InvalidTokenError, ValueError):
            hint = ", send the bare token without 'Bearer'" if token.lower().startswith("bearer") else ""
            raise refusal(401, f"invalid_sdp_token: not a token of this service{hint}") from None
        if claims["exp"] <= self._wall_s() or claims["generation"] != self._generation:
            raise refusal(401, "invalid_sdp_token: expired")
        return Identity(claims["partner_id"], claims["provider_id"])

    def expire(self) -> None:
        """Make every token expired that was issued so far."""
        self._generation += 1

    def key_set(self) -> dict[str, Any]:
        """The public key as RFC 7517 writes it."""
        numbers = jwt.algorithms.RSAAlgorithm.to_jwk(self._public, as_dict=True)
        use = {"alg": "RS256", "kty": "RSA", "use": "sig", "kid": KEY_ID}
        return {"keys": [use | {"n": numbers["n"], "e": numbers["e"]}]}
