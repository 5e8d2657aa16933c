"""Which rules bind the service, that is the simulator, and which of them no test here can show."""

from __future__ import annotations

NOT_TESTABLE: dict[str, str] = {}
"""Rule to the reason why it has no test."""
