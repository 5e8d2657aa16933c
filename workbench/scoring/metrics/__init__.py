"""Metrics: pure functions from records to values; counts add, rates are derived."""
