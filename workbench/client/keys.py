"""The service's public keys, and whether a token is really its own (S-27)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import jwt

from workbench.errors import ServiceError

__all__ = ["TokenKeys"]


class TokenKeys:
    """Keys by their id; fetched when first needed, and once more where a token names an unknown one.

    Args:
        fetch: gives the RFC 7517 key set.
    """

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, jwt.PyJWK] = {}

    async def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that was signed by the service and has not expired.

        Raises:
            ServiceError: no JWT, an unknown key, or a signature or time that does not fit.
        """
        try:
            name = str(jwt.get_unverified_header(token).get("kid", ""))
            key = self._keys.get(name) or (await self._refreshed()).get(name)
            if key is None:
                raise _not_its_own(f"key {name[:40]!r}", "a kid of the service's key set")
            # One algorithm, ours: the token does not choose how it is checked.
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})
        except jwt.PyJWTError as error:
            raise _not_its_own(type(error).__name__, "an RS256 token of the service") from None
        return claims

    async def _refreshed(self) -> dict[str, jwt.PyJWK]:
        found = jwt.PyJWKSet.from_dict(await self._fetch())
        self._keys = {key.key_id: key for key in found.keys if key.key_id is not None}
        return self._keys


def _not_its_own(got: str, expected: str) -> ServiceError:
    return ServiceError("login gave a token that cannot be verified", item="suki_token", got=got, expected=expected)
