"""The labs, each in a module: their exercises as data."""

from __future__ import annotations

from harvdiag.training.exercise import Lab
from harvdiag.training.labs.dangers import DANGERS
from harvdiag.training.labs.examination import EXAMINATION
from harvdiag.training.labs.machines import MACHINES
from harvdiag.training.labs.orphan import ORPHAN
from harvdiag.training.labs.stuck import STUCK
from harvdiag.training.labs.upgrades import UPGRADES

__all__ = ["LABS"]

LABS: dict[str, Lab] = {lab.letter: lab for lab in (MACHINES, ORPHAN, UPGRADES, STUCK, DANGERS, EXAMINATION)}
