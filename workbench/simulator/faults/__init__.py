"""Faults on purpose: scenarios, and the proxy and streams that carry them out."""
