"""Partners and providers that the simulator knows, and what login and register do with them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

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
    """

    id: str
    token: str = field(repr=False)


DEMO_PARTNER = Partner("demo-partner", "demo-partner-token")


class Accounts:
    """The partner of this simulator and the providers linked to it."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self._specialties: dict[str, str] = {}

    def login(self, body: Login) -> Identity:
        """Who logs in. Raises ServiceError: 400 for an unknown partner, 401 for a wrong token."""
        self._check(body.partner_id, body.partner_token)
        return Identity(self.partner.id, body.provider_id)

    def register(self, body: Register) -> None:
        """Link a provider (S-16). Raises ServiceError: 409 when it is linked already (S-17)."""
        self._check(body.partner_id, body.partner_token)
        provider = body.provider_id or body.provider_name
        if provider in self._specialties:
            raise refusal(409, "provider_exists: the provider is linked to this partner already")
        self._specialties[provider] = body.provider_specialty

    def _check(self, partner_id: str, partner_token: str) -> None:
        if partner_id != self.partner.id:
            raise refusal(400, "Unknown partner identifier")
        if not hmac.compare_digest(partner_token.encode("utf-8", "replace"), self.partner.token.encode()):
            raise refusal(401, "Token validation failed")
