"""Settings: the file ``harvdiag.toml``, or ``[tool.harvdiag]`` of ``pyproject.toml``, found, read and made data of.

All mistakes of a file are told at once, each with its line and its field. What the data is for is in
`harvdiag.core.policy`.
"""

from harvdiag.config.load import VARIABLE, Choice, find_settings, load_policy

__all__ = ["VARIABLE", "Choice", "find_settings", "load_policy"]
