"""Recognisers of the simulator: decoding in worker processes, scripts and replay."""
