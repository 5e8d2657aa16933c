"""Scores: of a session, of a configuration, of a run; counts add, rates are derived."""
