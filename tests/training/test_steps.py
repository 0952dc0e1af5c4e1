"""A next step as an answer: an action or a way out is played on the cluster, and told by what it would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.training.exercises.clusters import open_cluster
from harvdiag.training.exercises.result import Standing

GHOST = open_cluster("library:one-too-many")
STALE = "custom-3375afd15c2e"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        f"  DELETE  machine {STALE}",
        f"kubectl delete machines.cluster.x-k8s.io -n fleet-local {STALE}",
        f"delete machine/{STALE}",
        "remove-ghost",
        lambda: GHOST.simulate(f"delete Machine {STALE}"),
        lambda: GHOST.simulate(f"delete Machine {STALE}").action,
        lambda: GHOST.cure().ways[0],
    ],
    ids=str,
)
def test_forms_of_a_right_step(answer: Any) -> None:
    """As one writes it, as kubectl has it, as the name of a way out, or as an object of harvdiag."""
    assert hd.training.check("e7", answer() if callable(answer) else answer).right is True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            "delete host hv03",
            ("`dangerous`", "RKE2 still runs", "node-without-machine of hv03", "What was found stays"),
        ),
        ("drain hv02", ("`needs care`", "What was found stays")),
        ("register hv02", ("`cannot be told`", "cattle-id")),
        ("rebuild", ("none of those out of this fault",)),
    ],
)
def test_a_step_that_is_not_safe_is_told_by_what_it_does(answer: str, told: tuple[str, ...]) -> None:
    """Harm, a fault that stays, what cannot be told, and a way for another fault."""
    result = hd.training.check("e7", answer)
    assert result.standing is Standing.WRONG
    assert [part for part in told if part not in result.texts[0]] == []
    assert hd.training.check("e7", answer) == result, "which costs no hint"
    assert hd.training.progress("e").frame.set_index("exercise").loc["e7"].hints == 0


@pytest.mark.parametrize("answer", ["delete Node hv09", "delet", "uncordon hv01", 'delete "', 3, [1], GHOST, len])
def test_what_cannot_be_played_counts_as_no_attempt(answer: Any) -> None:
    """It is told in one line, with what to give."""
    result = hd.training.check("e7", answer)
    assert (result.right, "\n" in result.texts[0]) == (False, False)
    assert hd.training.progress("e").frame.set_index("exercise").loc["e7"].tries == 0
