"""`hd.redact`: a redacted cluster keeps its notes; what its report stands for is told to the owner of the key alone."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import pytest

import harvdiag as hd
from tests.command import run
from tests.routes import BROKEN


def test_a_report_of_a_redacted_cluster_has_the_notes_and_can_be_translated_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notes elsewhere than beside the source go with it. Twice, as the first call imports the room of that name."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    cluster = hd.open(copy(BROKEN, tmp_path / "b.zip"), notes=tmp_path / "elsewhere.notes.yaml")
    cluster.check().note("node-without-machine srv09", "srv09 came by hand")
    for _ in range(2):
        safe = hd.redact(cluster)
    text = hd.report(safe, tmp_path / "r.md").read_text(encoding="utf-8")
    assert "came by hand" in text
    assert "srv09" not in text
    assert "srv09 came by hand" in run("redact", "--reveal", tmp_path / "r.md").stdout
