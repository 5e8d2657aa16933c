"""Scores of sessions and of cells."""

from workbench.scoring.cells import CellScore, Pacing, latest_attempts, score_run
from workbench.scoring.session import ROW_TYPES, SessionScore, score_session

__all__ = ["ROW_TYPES", "CellScore", "Pacing", "SessionScore", "latest_attempts", "score_run", "score_session"]
