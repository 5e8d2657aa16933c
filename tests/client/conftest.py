"""Both transports, for tests of what either must do."""

import importlib.util

import pytest

from workbench.client.transport_websockets import open_websockets


@pytest.fixture(params=["websockets", "picows"])
def opening(request):
    """How the transport opens a socket."""
    if request.param == "websockets":
        return open_websockets
    if importlib.util.find_spec("picows") is None:
        pytest.skip("the extra 'load' is not installed")
    from workbench.client.transport_picows import open_picows

    return open_picows
