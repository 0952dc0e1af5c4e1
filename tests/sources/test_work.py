"""What a check of a bundle costs, counted in work: members opened, bytes parsed, and what several checks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.io.archive.archive import Archive
from harvdiag.io.yaml import lists
from harvdiag.rules import health_evidence, volumes
from harvdiag.rules.health import promotion
from harvdiag.sources import open_source

BUNDLE = Path(__file__).parents[2] / "data/bundles/issue-8236.zip"
SHARED = (
    (health_evidence, "_is_at_work"),
    (promotion, "_find_promotions"),
    (promotion, "_find_pairs"),
    (volumes, "_judge_node"),
)


@pytest.mark.parametrize("engine", ["yaml-rs", "pyyaml"])
def test_check_reads_parses_and_works_out_everything_once(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No member twice, no row of a Node's labels and images through a parser, no fact again for another check."""
    monkeypatch.setenv("HARVDIAG_YAML", engine)
    opened, made, parsed = Counter[str](), Counter[str](), list[bytes]()
    read, parse = Archive.read, lists._selected_parser()

    def reading(archive: Archive, name: str) -> bytes:
        opened[f"{archive.name} {name}"] += 1
        return read(archive, name)

    def parsing(text: bytes, repair: Callable[[str], str]) -> Any:
        parsed.append(text)
        return parse(text, repair)

    def counted(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            made[name] += 1
            return make(*args)

        return call

    monkeypatch.setattr(Archive, "read", reading)
    monkeypatch.setattr(lists, "_selected_parser", lambda: parsing)
    for module, name in SHARED:
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    cluster = Cluster(open_source(BUNDLE))
    nodes = len(cluster.facts.pairing.nodes)
    cluster.check()
    assert set(opened.values()) == {1}
    assert [mark for mark in (b"sizeBytes", b"beta.kubernetes.io", b"f:metadata") if mark in b"".join(parsed)] == []
    assert made["_find_promotions"] == made["_find_pairs"] == 1
    assert made["_judge_node"] <= nodes
    assert made["_is_at_work"] <= nodes
