"""The upgrade family: what blocks the running upgrade, or was left behind by an earlier one?"""

__all__: list[str] = []
