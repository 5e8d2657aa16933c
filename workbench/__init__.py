"""Suki Workbench: how accurate and how fast is streaming clinical speech recognition?"""

__version__ = "0.1.0"
