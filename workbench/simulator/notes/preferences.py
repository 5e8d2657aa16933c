"""What providers prefer; kept as long as the simulator runs."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workbench.protocol.context import Personalization
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.refusals import refusal

__all__ = ["PreferenceStore"]

_MAX_PROVIDERS = 10_000


class PreferenceStore:
    """Preferences by provider; the oldest give way to new ones beyond a bound."""

    def __init__(self) -> None:
        self._found: dict[Identity, Personalization] = {}

    def of(self, provider: Identity) -> Personalization:
        """What a provider prefers; the documented default where nothing was said."""
        return self._found.get(provider, Personalization(verbosity="BALANCED"))

    def change(self, provider: Identity, change: Personalization) -> Personalization:
        """Set what ``change`` says and keep the rest. Raises ServiceError 400 where it says nothing."""
        changes = {f: v for f in change.__struct_fields__ if (v := getattr(change, f)) is not UNSET}
        if not changes:
            raise refusal(400, "invalid_request: personalization_preference has no member")
        preference = msgspec.structs.replace(self.of(provider), **changes)
        self._found.pop(provider, None)
        self._found[provider] = preference
        if len(self._found) > _MAX_PROVIDERS:
            del self._found[next(iter(self._found))]
        return preference
