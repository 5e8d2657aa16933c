"""The Suki client: REST over httpx, audio over a WebSocket, every event stamped."""
