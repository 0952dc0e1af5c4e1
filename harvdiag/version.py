"""The version of harvdiag."""

__version__ = "0.2.0"
