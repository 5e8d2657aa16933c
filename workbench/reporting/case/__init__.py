"""A case for a vendor: what one needs to find a fault in a service, in one file for a support ticket."""

from workbench.reporting.case.archive import write_case

__all__ = ["write_case"]
