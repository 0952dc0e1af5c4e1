"""The version of harvdiag."""

__version__ = "0.1.0"
