"""Partners and providers that the simulator knows, and what login and register do with them."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace

from workbench.protocol.bodies import Login, Register
from workbench.simulator.refusals import refusal
from workbench.simulator.tokens import Identity

__all__ = ["DEMO_PARTNER", "Accounts", "Partner"]


@dataclass(frozen=True, slots=True)
class Partner:
    """One partner.

    Attributes:
        id: as in ``partner_id``.
        token: the opaque partner token that login accepts.
        single_auth: whether the token is shared by an organisation. Then login and register name the provider,
            every later call names it again in ``sdp_provider_id``, and providers have to be registered (S-21…S-25).
        provider_pattern: of provider ids, as a regular expression for the whole id.
    """

    id: str
    token: str = field(repr=False)
    single_auth: bool = False
    provider_pattern: str = r"[A-Za-z0-9._@+-]{1,255}"


DEMO_PARTNER = Partner("demo-partner", "demo-partner-token")


class Accounts:
    """The partner of this simulator and the providers linked to it."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self._specialties: dict[str, str] = {}

    def login(self, body: Login) -> Identity:
        """Who logs in.

        Raises:
            ServiceError: 400 for an unknown partner, 401 for a wrong token; of a Single Auth partner also 400 without
                a provider and 401 for one who is not registered (S-25).
        """
        self._check(body.partner_id, body.partner_token)
        if self.partner.single_auth:
            self._check_registered(self._named(body.provider_id))
        return Identity(self.partner.id, body.provider_id)

    def register(self, body: Register) -> None:
        """Link a provider (S-16). Raises ServiceError: 409 when it is linked already (S-17)."""
        self._check(body.partner_id, body.partner_token)
        if self.partner.single_auth:
            self._named(body.provider_id)
        provider = body.provider_id or body.provider_name
        if provider in self._specialties:
            raise refusal(409, "provider_exists: the provider is linked to this partner already")
        self._specialties[provider] = body.provider_specialty

    def acting(self, caller: Identity, provider_header: str | None, *, required: bool = True) -> Identity:
        """Whom a call is for, after its token was verified.

        Args:
            caller: as the token says.
            provider_header: value of ``sdp_provider_id``, None where it is missing.
            required: whether a Single Auth call must carry it; ``/ws/transcribe`` is the place that documents none.

        Raises:
            ServiceError: of a Single Auth partner 400 without the header or with one that fails the pattern (S-23,
                S-24), 401 for a provider who is not registered (S-25).
        """
        if not self.partner.single_auth or (provider_header is None and not required):
            return caller
        if not provider_header:
            raise refusal(400, "missing_sdp_provider_id_header")
        self._check_pattern(provider_header)
        self._check_registered(provider_header)
        return replace(caller, provider_id=provider_header)

    def specialty_of(self, provider_id: str) -> str | None:
        """As registered; None for a provider who is not linked."""
        return self._specialties.get(provider_id)

    def _named(self, provider_id: str | None) -> str:
        if not provider_id:
            raise refusal(400, "invalid_request: provider_id is required of this partner")
        self._check_pattern(provider_id)
        return provider_id

    def _check_pattern(self, provider_id: str) -> None:
        if re.fullmatch(self.partner.provider_pattern, provider_id) is None:
            raise refusal(400, "invalid_sdp_provider_id: it does not have the form agreed with this partner")

    def _check_registered(self, provider_id: str) -> None:
        if provider_id not in self._specialties:
            raise refusal(401, "provider_not_registered")

    def _check(self, partner_id: str, partner_token: str) -> None:
        if partner_id != self.partner.id:
            raise refusal(400, "Unknown partner identifier")
        if not hmac.compare_digest(partner_token.encode("utf-8", "replace"), self.partner.token.encode()):
            raise refusal(401, "Token validation failed")
