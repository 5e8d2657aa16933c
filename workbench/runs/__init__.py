"""Whole runs: from a specification to a stored, scored run. The only place where playing, store and scoring meet."""
