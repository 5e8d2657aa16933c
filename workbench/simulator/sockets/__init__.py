"""The simulator's WebSocket endpoints."""
