"""Partners whose tokens are verified strictly, and providers whose account does not work."""

import json
import time

import httpx
import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.simulator.partner import partner_of
from tests.simulators import new_simulator
from workbench.cli.simulate import simulate
from workbench.errors import ConfigurationError, ServiceError
from workbench.protocol.bodies import Login, Register
from workbench.simulator.auth.accounts import DEMO_PARTNER, Accounts, Partner
from workbench.simulator.auth.partner_tokens import load_partner_keys
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.server import SimulatorOptions

CREATE = "/api/v1/transcription/session/create"


@pytest.fixture(scope="module")
def private():
    """Two private keys; making one takes a while."""
    return [rsa.generate_private_key(65537, 2048) for _ in range(2)]


def pem(key):
    """Public half, as a PEM file has it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_set(**named):
    """A JSON key set."""
    entries = [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(k.public_key())) | {"kid": i} for i, k in named.items()]
    return json.dumps({"keys": entries}).encode()


def signed(key, kid=None, algorithm="RS256", **changes):
    """A partner token that has everything, with changes; None leaves a claim out."""
    claims = {"iss": "clinic-idp", "aud": "suki", "exp": int(time.time()) + 600, "email": "ada@clinic.example"}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm, {"kid": kid} if kid else None)


def strict(tmp_path, data, claim="email", **more):
    """Accounts of a partner whose tokens are verified against the keys in a file."""
    path = tmp_path / "partner.key"
    path.write_bytes(data)
    return Accounts(Partner("clinic", "", keys=load_partner_keys(path, claim), **more))


def refused(work, *arguments):
    """Status and message."""
    with pytest.raises(ServiceError) as caught:
        work(*arguments)
    return caught.value.status, caught.value.problem


def test_a_user_registers_once_and_logs_in_under_the_name_that_the_token_has(tmp_path, private):
    """Unknown before; ``provider_id`` of a standard partner is ignored."""
    accounts, token = strict(tmp_path, pem(private[0])), signed(private[0])
    login = Login("clinic", token, "somebody-else")
    assert refused(accounts.login, login) == (401, "provider_not_registered")
    accounts.register(Register("clinic", token, "Ada", "org"))
    assert accounts.login(login) == Identity("clinic", "ada@clinic.example")
    assert refused(accounts.register, Register("clinic", token, "Ada", "org"))[0] == 409


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": 1_600_000_000}, (401, "Token validation failed")),
        ({"exp": None}, (401, "Token validation failed")),
        ({"iss": None}, (401, "Token validation failed")),
        ({"aud": None}, (401, "Token validation failed")),
        ({"email": None}, (400, "Missing required identifier claim")),
        ({"email": 7}, (400, "Missing required identifier claim")),
    ],
)
def test_a_token_has_every_claim_and_is_not_expired(tmp_path, private, changes, expected):
    """Statuses and texts as documented."""
    accounts = strict(tmp_path, pem(private[0]))
    assert refused(accounts.login, Login("clinic", signed(private[0], **changes))) == expected


@pytest.mark.parametrize("token", ["", "demo-partner-token", "a.b.c", "é.é.é"])
def test_what_is_no_token_is_malformed(tmp_path, private, token):
    """400; the opaque token of the demo partner is no way around."""
    assert refused(strict(tmp_path, pem(private[0])).login, Login("clinic", token)) == (400, "Malformed token")


def test_only_rs256_counts_and_only_the_partners_key(tmp_path, private):
    """Neither a shared secret nor no signature; the signature of another key is not valid."""
    accounts = strict(tmp_path, pem(private[0]))
    for forged in (signed("k" * 32, algorithm="HS256"), signed(None, algorithm="none")):
        assert refused(accounts.login, Login("clinic", forged)) == (400, "Malformed token")
    foreign = Login("clinic", signed(private[1]))
    assert refused(accounts.login, foreign) == (401, "Token validation failed")
    assert refused(accounts.login, Login("other", signed(private[0]))) == (400, "Unknown partner identifier")


def test_of_a_key_set_the_key_is_picked_by_its_id(tmp_path, private):
    """A token without a known id has no key."""
    accounts = strict(tmp_path, key_set(old=private[0], new=private[1]), claim="sub")
    for kid, key in (("old", private[0]), ("new", private[1])):
        token = signed(key, kid, sub=kid)
        accounts.register(Register("clinic", token, "Ada", "org"))
        assert accounts.login(Login("clinic", token)).provider_id == kid
    for token in (signed(private[0], "new", sub="x"), signed(private[0], "lost", sub="x"), signed(private[0], sub="x")):
        assert refused(accounts.login, Login("clinic", token)) == (401, "Token validation failed")


def test_a_shared_token_names_nobody_and_the_call_does(tmp_path, private):
    """Single Auth with strict verification."""
    accounts = strict(tmp_path, pem(private[0]), single_auth=True)
    token = signed(private[0], email=None)
    accounts.register(Register("clinic", token, "Ada", "org", provider_id="ada-1"))
    assert accounts.login(Login("clinic", token, "ada-1")) == Identity("clinic", "ada-1")
    assert refused(accounts.login, Login("clinic", token))[0] == 400


async def test_an_inactive_provider_is_refused_with_412(private):
    """In login and in later calls; the others work on."""
    partner = Partner("clinic", "shared", single_auth=True, inactive=frozenset({"eve-3"}))
    who = {"partner_id": "clinic", "partner_token": "shared"}
    async with (
        new_simulator(SimulatorOptions(recogniser="scripted", partner=partner)) as simulator,
        httpx.AsyncClient(base_url=simulator.url) as http,
    ):
        for name in ("ada-1", "eve-3"):
            body = who | {"provider_name": name, "provider_org_id": "org", "provider_id": name}
            assert (await http.post("/api/v1/auth/register", json=body)).status_code == 201
        login = await http.post("/api/v1/auth/login", json=who | {"provider_id": "eve-3"})
        async with partner_of(simulator, **who, provider_id="ada-1") as ada:
            call = await ada.post(CREATE, {}, sdp_provider_id="eve-3")
            for answer in (login, call):
                assert (answer.status_code, answer.json()["message"]) == (412, "provider_user_inactive")
            assert (await ada.post(CREATE, {}, sdp_provider_id="ada-1")).status_code == 201


def test_providers_that_nobody_can_tell_apart_cannot_be_inactive():
    """One line instead of an option without effect."""
    with pytest.raises(ConfigurationError, match="single authentication or a partner key"):
        Partner("demo", "token", inactive=frozenset({"eve-3"}))
    assert not DEMO_PARTNER.knows_providers


@pytest.mark.parametrize("data", [b"", b"{}", b"{", b'{"keys":[]}', b"-----BEGIN PUBLIC KEY-----\n", b"[1]"])
def test_a_file_without_a_public_key_is_refused(tmp_path, data):
    """By its name."""
    path = tmp_path / "no.key"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"no\.key: no RSA public key"):
        load_partner_keys(path, "email")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_partner_keys(tmp_path / "missing", "email")


def test_the_command_line_names_the_file_that_is_no_key(tmp_path):
    """Before anything is started."""
    found = CliRunner().invoke(simulate, ["--port", "0", "--partner-key", str(tmp_path / "missing")])
    assert isinstance(found.exception, ConfigurationError)
    assert "missing" in str(found.exception)
