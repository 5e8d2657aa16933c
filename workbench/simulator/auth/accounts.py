"""Partners and providers that the simulator knows, and what login and register do with them."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace

from workbench.errors import ConfigurationError
from workbench.protocol.bodies import Login, Register
from workbench.simulator.auth.partner_tokens import PartnerKeys
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.refusals import refusal

__all__ = ["DEMO_PARTNER", "Accounts", "Partner"]


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner.

    Attributes:
        id: as in ``partner_id``.
        token: the opaque partner token that login accepts; not used where there are keys.
        single_auth: whether the token is shared by an organisation. Then login and register name the provider,
            every later call names it again in ``sdp_provider_id``, and providers have to be registered (S-21…S-25).
        provider_pattern: regular expression that a whole provider id must match.
        keys: verify partner tokens strictly; the user that one names is the provider, who has to be registered. None
            accepts ``token`` and no other.
        inactive: providers whose account is neither activated nor about to be licensed; they are refused with 412.

    Raises:
        ConfigurationError: inactive providers of a partner whose providers cannot be told apart.
    """

    id: str
    token: str = field(repr=False)
    single_auth: bool = False
    provider_pattern: str = r"[A-Za-z0-9._@+-]{1,255}"
    keys: PartnerKeys | None = None
    inactive: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.inactive and not self.knows_providers:
            raise ConfigurationError(
                "providers of this partner cannot be told apart",
                item="inactive",
                expected="single authentication or a partner key as well",
            )

    @property
    def knows_providers(self) -> bool:
        """Whether a call says on whose behalf it is made, so that the provider has to be registered."""
        return self.single_auth or self.keys is not None


DEMO_PARTNER = Partner("demo-partner", "demo-partner-token")


MOST_PROVIDERS, MOST_NAME = 10_000, 1_000
"""Providers that are kept, and characters of what names one: 10 MB in all."""


class Accounts:
    """The partners of this simulator and the providers linked to each.

    Args:
        partners: with ids of their own.

    Raises:
        ConfigurationError: two of the same id.
    """

    def __init__(self, *partners: Partner) -> None:
        self._partners = {partner.id: partner for partner in partners}
        if len(self._partners) < len(partners):
            raise ConfigurationError(
                "two partners have the same id", item="partners", expected="a separate id for each"
            )
        self._specialties: dict[tuple[str, str], str] = {}

    def login(self, body: Login) -> Identity:
        """Who logs in.

        Raises:
            ServiceError: 400 for an unknown partner, 401 for a wrong token; of a Single Auth partner also 400 without
                a provider; where providers are known, 401 for one who is not registered (S-25), 412 for one who is
                inactive.
        """
        partner = self._partner(body)
        provider = _provider(partner, body)
        if provider is not None and partner.knows_providers:
            self._check_account(partner, provider)
        return Identity(partner.id, provider)

    def register(self, body: Register) -> None:
        """Link a provider (S-16). Raises ServiceError: 409 when it is linked already (S-17)."""
        partner = self._partner(body)
        linked = partner.id, _provider(partner, body) or body.provider_name
        if len(linked[1]) + len(body.provider_specialty or "") > MOST_NAME:
            raise refusal(400, f"invalid_request: names of providers have up to {MOST_NAME} characters")
        if len(self._specialties) >= MOST_PROVIDERS:
            raise refusal(429, f"too_many_providers: this simulator keeps {MOST_PROVIDERS}")
        if linked in self._specialties:
            raise refusal(409, "provider_exists: the provider is linked to this partner already")
        self._specialties[linked] = body.provider_specialty

    def acting(self, caller: Identity, provider_header: str | None, *, required: bool = True) -> Identity:
        """Whom a call is for, after its token was verified.

        Args:
            caller: as the token says.
            provider_header: value of ``sdp_provider_id``, None if it is missing.
            required: whether a Single Auth call must carry it; ``/ws/transcribe`` is the place that documents none.

        Raises:
            ServiceError: of a Single Auth partner 400 without the header or with one that fails the pattern (S-23,
                S-24), 401 for a provider who is not registered (S-25), 412 for one who is inactive.
        """
        partner = self._partners[caller.partner_id]
        if not partner.single_auth:
            return caller
        if provider_header is None and not required:
            return replace(caller, owns_sessions=True)
        if not provider_header:
            raise refusal(400, "missing_sdp_provider_id_header")
        _check_pattern(partner, provider_header)
        self._check_account(partner, provider_header)
        return replace(caller, provider_id=provider_header, owns_sessions=True)

    def specialty_of(self, provider_id: str, partner_id: str = DEMO_PARTNER.id) -> str | None:
        """As registered; None for a provider who is not linked."""
        return self._specialties.get((partner_id, provider_id))

    def _partner(self, body: Login | Register) -> Partner:
        partner = self._partners.get(body.partner_id)
        if partner is None:
            raise refusal(400, "Unknown partner identifier")
        return partner

    def _check_account(self, partner: Partner, provider_id: str) -> None:
        if (partner.id, provider_id) not in self._specialties:
            raise refusal(401, "provider_not_registered")
        if provider_id in partner.inactive:
            raise refusal(412, "provider_user_inactive")


def _check_pattern(partner: Partner, provider_id: str) -> None:
    if re.fullmatch(partner.provider_pattern, provider_id) is None:
        raise refusal(400, "invalid_sdp_provider_id: it does not have the form agreed with this partner")


def _provider(partner: Partner, body: Login | Register) -> str | None:
    """The provider of a login or registration, after its partner token was verified."""
    user: str | None = None
    if partner.keys is not None:
        user = partner.keys.user_of(body.partner_token, required=not partner.single_auth)
    elif not hmac.compare_digest(body.partner_token.encode("utf-8", "replace"), partner.token.encode()):
        raise refusal(401, "Token validation failed")
    if not partner.single_auth:
        return body.provider_id if partner.keys is None else user
    if not body.provider_id:
        raise refusal(400, "invalid_request: provider_id is required of this partner")
    _check_pattern(partner, body.provider_id)
    return body.provider_id
