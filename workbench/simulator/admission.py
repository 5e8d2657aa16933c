"""What every handshake is judged with, whichever product it is for."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.protocol.messages import Dialect
from workbench.simulator.auth.accounts import Accounts
from workbench.simulator.auth.tokens import Identity, TokenAuthority
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.recognisers import Recogniser

__all__ = ["Admission"]


@dataclass(frozen=True, slots=True)
class Admission:
    """Credentials, the recogniser and the bounds.

    Attributes:
        accounts: the partners and the providers linked to them.
        tokens: verifies callers.
        recogniser: has room for a stream, or not.
        limits: bounds and times.
        dialect: whose messages the socket will carry.
    """

    accounts: Accounts
    tokens: TokenAuthority
    recogniser: Recogniser
    limits: SimulatorLimits
    dialect: Dialect

    def caller(self, token: str | None, provider_header: str | None, *, required: bool) -> Identity:
        """Who asks. Raises ServiceError as :meth:`Accounts.acting` does, and 401 for a token that is none."""
        return self.accounts.acting(self.tokens.verify(token), provider_header, required=required)
