"""How many sessions at a time: levels of load, held or ramped, and which end gave way."""

from workbench.capacity.levels import Level, Objective
from workbench.capacity.ramping import Capacity, LoadPlan, find_capacity

__all__ = ["Capacity", "Level", "LoadPlan", "Objective", "find_capacity"]
