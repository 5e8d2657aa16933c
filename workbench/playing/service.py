"""The service that sessions play to."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from workbench.client.kernel_stamps import KernelStamps
from workbench.client.rest import SukiRest
from workbench.client.webhooks import WebhookReceiver
from workbench.playing.slots import Slots
from workbench.settings import Limits, ServiceAddress

__all__ = ["Service"]


@dataclass(frozen=True, slots=True)
class Service:
    """The service to play against.

    Attributes:
        address: base addresses.
        rest: logged-in REST client.
        tls: context for ``wss``.
        limits: longest waits.
        transport: ``websockets`` or ``picows``.
        webhooks: receives notifications of results; None polls only.
        kernel: stamps arrivals in place of this process; None for our own stamps.
        slots: places that sessions share, and give up where the recogniser is busy; None for sessions of their own.
    """

    address: ServiceAddress
    rest: SukiRest
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)
    transport: str = "websockets"
    webhooks: WebhookReceiver | None = None
    kernel: KernelStamps | None = None
    slots: Slots | None = None
