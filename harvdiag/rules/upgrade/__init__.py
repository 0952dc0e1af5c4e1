"""The upgrade family: what holds up the upgrade that is under way, or was left behind by one?"""

__all__: list[str] = []
