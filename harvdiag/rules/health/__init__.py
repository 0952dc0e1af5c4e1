"""The health family: what of a cluster, at rest or not, makes Harvester refuse an upgrade, or would spoil one?"""
