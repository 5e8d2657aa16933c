"""How many sessions at a time: levels of load, held or ramped, and which end gave way."""

from workbench.instrument.capacity.level import Level, Objective
from workbench.instrument.capacity.ramp import Capacity, find_capacity
from workbench.instrument.capacity.site import LoadPlan

__all__ = ["Capacity", "Level", "LoadPlan", "Objective", "find_capacity"]
