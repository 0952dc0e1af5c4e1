"""`make pictures`: the drawings of the README, from the sample of harvester/harvester#8236."""

from __future__ import annotations

import harvdiag as hd
from tests.world.samples import DATA

__all__ = ["PICTURES", "drawn", "main"]

PICTURES = {"links.svg": "links", "upgrade.svg": "upgrade"}


def drawn() -> dict[str, str]:
    """Each drawing by the name of its file."""
    cluster = hd.open(DATA / "bundles" / "issue-8236.zip")
    return {name: hd.draw(cluster, picture).svg for name, picture in PICTURES.items()}


def main() -> None:
    """Write them to data/pictures."""
    for name, text in drawn().items():
        (DATA / "pictures" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
