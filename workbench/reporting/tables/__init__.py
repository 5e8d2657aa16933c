"""Declared columns over values; the command line, the app and the reports print the same tables."""
