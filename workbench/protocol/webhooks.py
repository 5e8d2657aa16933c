"""Notifications: their bodies and their signature (S-189…S-199). Both ends share this."""

from __future__ import annotations

import hashlib
import hmac

import msgspec
from msgspec import UNSET, UnsetType

__all__ = ["API_KEY_HEADER", "GENERATED_AT_HEADER", "Link", "Notification", "signature"]

GENERATED_AT_HEADER = "generated-at"
API_KEY_HEADER = "X-API-Key"


class Link(msgspec.Struct):
    """Where a result can be fetched; ``href`` is relative or absolute (S-195)."""

    href: str = ""
    method: str = "GET"
    name: str = ""
    type: str = "application/json"


class Notification(msgspec.Struct, omit_defaults=True):
    """One notification. Only ``session_id`` can be relied on (S-196, S-197)."""

    session_id: str = ""
    encounter_id: str = ""
    status: str | UnsetType = UNSET
    sessions: list[str] | UnsetType = UNSET
    error_code: str | UnsetType = UNSET
    error_detail: str | UnsetType = UNSET
    links: dict[str, list[Link]] | UnsetType = msgspec.field(default=UNSET, name="_links")


def signature(secret: str, generated_at: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA-256 of the time, a colon and the raw body (S-190).

    Args:
        secret: agreed at onboarding.
        generated_at: Unix milliseconds as text, as in the header.
        body: the bytes as they travel.

    >>> signature("test-secret", "1700000000000", b"{}")[:8]
    'b93a92c7'
    """
    return hmac.new(secret.encode(), generated_at.encode() + b":" + body, hashlib.sha256).hexdigest()
