"""Accounts, partner tokens and bearer tokens of the simulator."""
