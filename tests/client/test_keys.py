"""Tokens are checked against the service's own keys."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import JSONResponse

from tests.service import Service, serve
from workbench.client.keys import TokenKeys
from workbench.client.rest import SukiRest
from workbench.errors import ServiceError
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))


@pytest.fixture(scope="module")
def pair():
    """Two private keys; making one takes a while."""
    return [rsa.generate_private_key(65537, 2048) for _ in range(2)]


def public(key, name):
    """A public key as a JWKS entry."""
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {
        "kid": name,
        "alg": "RS256",
        "use": "sig",
    }


def signed(key, name, **claims):
    """A token of this key."""
    return jwt.encode({"sub": "x"} | claims, key, "RS256", {"kid": name})


async def test_the_key_is_picked_by_its_id_and_the_set_fetched_again_for_a_new_one(pair):
    """S-27: a rotated key costs one fetch, a known one none."""
    fetched = []
    published = [{"keys": [public(pair[0], "a")]}, {"keys": [public(pair[0], "a"), public(pair[1], "b")]}]

    async def fetch():
        fetched.append(1)
        return published[min(len(fetched), 2) - 1]

    keys = TokenKeys(fetch)
    for _ in range(2):
        assert (await keys.verify(signed(pair[0], "a")))["sub"] == "x"
    assert len(fetched) == 1
    await keys.verify(signed(pair[1], "b"))
    assert len(fetched) == 2


async def test_foreign_expired_and_unsigned_tokens_are_refused_and_not_shown(pair):
    """The error names what is wrong, never the token."""

    async def fetch():
        return {"keys": [public(pair[0], "a")]}

    bad = [
        signed(pair[1], "a"), signed(pair[0], "z"), signed(pair[0], "a", exp=1), "not.a.token",
        jwt.encode({"sub": "x"}, "s" * 32, "HS256", {"kid": "a"}), jwt.encode({}, None, "none", {"kid": "a"}),
    ]  # fmt: skip
    for token in bad:
        with pytest.raises(ServiceError, match="cannot be verified") as caught:
            await TokenKeys(fetch).verify(token)
        assert token not in str(caught.value)


async def test_a_login_is_believed_only_with_a_verified_token(pair):
    """Asked for by the caller; a token that fails is never sent."""
    jwks = JSONResponse({"keys": [public(pair[0], "a")]})
    token = signed(pair[0], "a")
    service = Service(login=[JSONResponse({"suki_token": token})], planned={"jwks": [jwks]})
    async with serve(service), SukiRest(service.address, WHO, Limits(), verify_tokens=True) as rest:
        assert await rest.token() == token
    assert service.calls == ["login", "jwks"]
    service = Service(planned={"jwks": [jwks]})
    async with serve(service), SukiRest(service.address, WHO, Limits(), verify_tokens=True) as rest:
        with pytest.raises(ServiceError, match="cannot be verified"):
            await rest.token()
