"""The picture of one node's drain: who asked, who has answered, who has not, and why it can never begin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.model import ObjectRef, State
from harvdiag.figures.drain import draw
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.scene import Path
from harvdiag.figures.svg import render_svg
from harvdiag.training.world.faults import lose_answer, orphan
from harvdiag.training.world.rollouts import at_phase, at_step
from harvdiag.training.world.steps import STEPS
from harvdiag.training.world.upgradeplans import at_plan_step
from tests import port
from tests.figures.sound import check
from tests.figures.test_upgrade_picture import HOSTILE, renamed, sample, sized
from tests.routes import PATHS, SCENARIOS, opened, sampled, scenario
from tests.sample import examples
from tests.world import World, rollouts
from tests.world.samples import SAMPLES

NAMES = tuple(f"h{n}" for n in range(1, 13))
TITLES = {
    "healthy": "No node is drained: no upgrade is under way",
    "issue-8236": "The drain of srv09 can never begin: it has no Machine, so no plan Secret",
    "upgrade-half-way": (
        "hv03 is being drained: its pre-drain Job is not complete: VMs leave, volumes become healthy (step 4 of 12)"
    ),
    "lost-acknowledgement": "Harvester has not answered the pre-drain hook of hv02, and will not on its own",
    "two-machines-one-node": (
        "Harvester has not answered the pre-drain hook of hv02: Machine custom-31079167475f has been terminating"
        " since 2025-05-06 15:10 UTC, held by its finalizer"
    ),
    "unmanaged-node": (
        "The drain of hv04 can never begin: the Machine it references, custom-957869c2ad0d, belongs to another Node, "
        "so it has no plan Secret of its own"
    ),
    "ghost-machines": ("The drain of hv02 has not begun: 2 Machines reference Nodes that do not exist, hv08 and hv09"),
}


def of(world: World, focus: str = "", **states: State) -> Drawing:
    cluster = port.cluster(world.objects, **states)
    return draw(cluster, DrawOptions(ObjectRef("Node", "", focus) if focus else None))


def marks(drawing: Drawing) -> dict[str, str]:
    """Each step with its mark, as it is drawn."""
    return {item.key: item.state for item in drawing.scene.find("step")}


def taken(drawing: Drawing) -> list[str]:
    return [name for name, mark in marks(drawing).items() if mark == "good"]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_title_says_who_has_not_answered(name: str) -> None:
    """Of the node that is drained, else of the one that is stuck."""
    drawing = draw(sample(name), DrawOptions())
    check(drawing.scene)
    assert drawing.scene.title == TITLES[name]
    assert drawing.scene.alt.startswith(TITLES[name])
    assert " ".join(drawing.text(100).split()).startswith(TITLES[name])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("upgrade-node-paused", "step 3 of 12, pre-drain Job started: hv02 is held back by an administrator"),
        ("upgradeplan-drain-not-ended", "step 12 of 12, drain cleared: hv02 is upgraded, but Rancher has not ended"),
    ],
)
def test_the_title_of_a_drain_that_is_held_up_says_why(name: str, told: str) -> None:
    """A warning about the node is the answer, not only a line below."""
    drawing = draw(port.cluster(list(scenario(SCENARIOS / name / "speaks.yaml").objects)), DrawOptions())
    assert drawing.scene.title.startswith(f"The drain of hv02 is held up at {told}")


@pytest.mark.parametrize(("name", "times"), [("instance-manager-keeps-budget", 1), ("upgrade-drain-refused", 2)])
def test_the_error_of_a_drain_is_not_told_thrice(name: str, times: int) -> None:
    """The reason quotes it; the title names the cause behind it, where one is found."""
    cluster = opened(SCENARIOS / name / "speaks.yaml")
    state = cluster.upgrade.drain()
    assert state.node is not None
    assert state.node.handshake is not None
    assert state.node.handshake.error
    told = " ".join(draw(cluster, DrawOptions()).text(100).split())
    assert told.count(" ".join(state.node.handshake.error.split()).rstrip(". ")) == times
    assert ("keeps its PodDisruptionBudget" in state.title) == (times == 1)


def test_a_lost_answer_is_a_cross_at_its_arrow() -> None:
    """Four steps are done, pre-drain is not acknowledged for 3 h 20 min; the annotation is beside the arrow."""
    drawing = draw(sample("lost-acknowledgement"), DrawOptions())
    assert marks(drawing) == dict.fromkeys(NAMES[:4], "good") | {"h5": "error"} | dict.fromkeys(NAMES[5:], "wait")
    row = next(drawing.scene.find("step", "error"))
    assert {"✗", "harvesterhci.io/pre-hook", "no answer for 3 h 20 min"} <= {text.text for text in row.texts}
    assert [r["step"] for r in drawing.rows if r["mark"] == "error"] == ["pre-drain acknowledged"]
    assert next(r for r in drawing.rows if r["mark"] == "error")["since"] == "2025-05-08T06:40:00Z"
    times = [None, None, "2025-05-08T06:31:00Z", "2025-05-08T06:40:00Z", None]
    assert [r["time"] for r in drawing.rows[:5]] == times


def test_a_node_without_a_plan_secret_can_never_begin() -> None:
    """The Secret is hollow and does not exist; the first arrow ends at a bar, all others are hollow."""
    drawing = draw(sample("issue-8236"), DrawOptions())
    assert marks(drawing) == {"h1": "error"} | dict.fromkeys(NAMES[1:], "absent")
    secret = next(drawing.scene.find("actor", "absent"))
    assert "does not exist" in [text.text for text in secret.texts]
    lines = [shape for item in drawing.scene.find("step") for shape in item.shapes if isinstance(shape, Path)]
    assert all(line.dash and line.ends == "bar" for line in lines)


@pytest.mark.parametrize("name", ["ghost-machines", "issue-8236", "lost-acknowledgement", "two-machines-one-node"])
def test_every_form_tells_what_to_do_and_what_not(name: str) -> None:
    """Do and Caution stand in the picture and in a terminal, and are those of the upgrade's picture."""
    drawing = draw(sample(name), DrawOptions())
    told = " ".join(drawing.text(100).split())
    parts = {part.label: part.text for part in sample(name).upgrade.parts()}
    hints = [item.hint for item in drawing.scene.find("part")]
    for label in ("Root cause", "Next step", "Caution")[name == "issue-8236" :]:  # there its own finding is the root
        assert (label in parts) == (f"{label} {parts.get(label)}" in told)
        assert (label in parts) == (parts.get(label) in hints)


AT = {"h0": 0, "h1": 1, "h2": 2, "h3": 3, "h4": 3, "h5": 5, "h6": 6, "h7": 6, "restarting": 6, "probes": 6}
AT |= {"uncordon": 7, "h8": 8, "h9": 9, "h10": 9, "waiting": 10, "rebooting": 10, "h11": 11, "h12": 12}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_a_drain_is_told(step: str) -> None:
    """As many as are taken are marked, the next is waited for, and nothing is broken."""
    drawing = of(at_step(sized(3), "hv002", step), "hv002")
    check(drawing.scene)
    assert taken(drawing) == list(NAMES[: AT[step]])
    waited = [name for name, mark in marks(drawing).items() if mark == "now"]
    assert waited == list(NAMES[AT[step] : AT[step] + 1])
    assert list(drawing.scene.find(state="error")) == []


def test_the_arrows_go_from_who_acts_to_where_it_is_written() -> None:
    """Rancher writes from the left, Harvester answers from the right."""
    drawing = of(at_step(sized(3), "hv002", "h4"))
    ways = {}
    for item in drawing.scene.find("step"):
        (left, _), (right, _) = next(shape for shape in item.shapes if isinstance(shape, Path)).points
        ways[item.key] = right > left
    assert {name for name, ahead in ways.items() if not ahead} == {"h4", "h5", "h10", "h11"}
    places = [item.area.y for item in drawing.scene.find("step")]
    assert places == sorted(places)


@pytest.mark.parametrize("hook", ["pre-hook", "post-hook"])
def test_another_text_is_no_answer(hook: str) -> None:
    """The answer counts by its very copy alone, whatever else is there."""
    world = at_step(sized(3), "hv002", "h5" if hook == "pre-hook" else "h11")
    secret = next(o for o in world.objects if f"harvesterhci.io/{hook}" in (o["metadata"].get("annotations") or {}))
    secret["metadata"]["annotations"][f"harvesterhci.io/{hook}"] += " "
    assert taken(of(world, "hv002"))[-1] == ("h4" if hook == "pre-hook" else "h10")


def test_one_may_point_at_a_node_its_machine_or_its_plan() -> None:
    """All three mean the same drain; anything else is refused."""
    cluster = port.cluster(at_step(sized(3), "hv002", "h4").objects)
    node = next(n for n in cluster.facts.upgrade_run.nodes if n.name == "hv001") if cluster.facts.upgrade_run else None
    assert node
    assert node.secret
    titles = {draw(cluster, DrawOptions(ref)).scene.title for ref in (node.ref, node.machines[0], node.secret)}
    assert titles == {"The drain of hv001 is over: every step was answered"}
    with pytest.raises(UsageError, match="is not a node of this upgrade"):
        draw(cluster, DrawOptions(ObjectRef("Cluster", "fleet-local", "local")))


def test_a_finding_leads_to_its_node() -> None:
    """Also one whose subject is the Upgrade: by the node in its evidence."""
    cluster = sample("issue-8236")
    for finding in cluster.check():
        assert "srv09" in hd.draw(cluster, "handshake", focus=finding).title


@pytest.mark.parametrize("phase", rollouts.PHASES)
def test_before_the_nodes_turn_nothing_is_asked(phase: str) -> None:
    """In every phase; and where the upgrade is over, nothing is drawn."""
    drawing = of(at_phase(sized(3), phase))
    check(drawing.scene)
    assert taken(drawing) == []
    assert bool(marks(drawing)) == (phase != "Succeeded")


def test_a_single_node_is_told_in_words() -> None:
    """There is no drain, so there is no sequence."""
    single = at_plan_step(sized(1), "hv001", "started")
    for world in (at_step(sized(1), "hv001", "started"), single, sized(2)):
        drawing = of(world)
        check(drawing.scene)
        assert marks(drawing) == {}
        assert drawing.rows == []


@pytest.mark.parametrize("kind", ["Secret", "Machine", "Upgrade"])
def test_unseen_is_not_absent(kind: str) -> None:
    """Nobody says that a drain can never begin, where nobody could look."""
    drawing = of(at_step(sized(3), "hv002", "h4"), "", **{kind: State.FORBIDDEN})
    check(drawing.scene)
    assert "never" not in drawing.scene.title
    assert "is unknown" in drawing.scene.title.lower()
    assert not list(drawing.scene.find("actor", "absent"))
    assert set(marks(drawing).values()) <= {"unseen"}


def test_two_hundred_nodes_change_nothing() -> None:
    """It shows one node, the one that is stuck."""
    world = at_step(sized(200), "hv100", "h5")
    lose_answer(world, "hv100")
    orphan(world, "hv150")
    drawing = of(world)
    check(drawing.scene)
    assert "hv100" in drawing.scene.title
    assert "hv150 can never begin" not in drawing.scene.title


ARROW = re.compile(r"    [RSHJ](?:-x|--x|->>|-->>)[RSHJ]: (?:[\w .,'/()?!✓✗▶…·-]|#\d+;)+")


@pytest.mark.parametrize("name", SAMPLES)
def test_mermaid_says_the_same(name: str) -> None:
    """One arrow a step, with its sign; where there is no drain, a note."""
    drawing = draw(sample(name), DrawOptions())
    assert drawing.mermaid
    lines = drawing.mermaid().splitlines()
    assert lines[0] == "sequenceDiagram"
    assert len([line for line in lines if ARROW.fullmatch(line)]) == len(drawing.rows)
    crossed = [line for line in lines if "✗" in line]
    assert len(crossed) == sum(row["mark"] == "error" for row in drawing.rows)


@pytest.mark.parametrize("name", [*HOSTILE, "end", "a;b", "a#b", "x->>y: z", "%%{init: {}}%%"])
def test_a_name_of_any_sort_breaks_nothing(name: str) -> None:
    """Neither the picture nor Mermaid."""
    drawing = of(renamed(at_step(sized(4), "hv002", "h4"), "hv002", name))
    check(drawing.scene)
    assert drawing.mermaid
    _harmless(drawing.mermaid())
    assert "<script>" not in render_svg(drawing.scene)
    assert not {"\x1b", "\u202e"} & {*drawing.text(80), *drawing.scene.title, *drawing.mermaid()}


def _harmless(told: str) -> None:
    """Every line has one of the few forms that are meant."""
    words = r"(?:[\w .,'/()?!✓✗▶…·-]|#\d+;)*"
    forms = (
        ARROW.pattern,
        rf"    accTitle: {words}",
        rf"    participant [RSHJ] as {words}",
        rf"    Note over R,J: {words}",
    )
    for line in told.splitlines()[1:]:
        assert any(re.fullmatch(form, line) for form in forms), line
        assert not re.search(r"\bend\b", line.partition(":")[2], re.IGNORECASE)


@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1, max_size=60), st.text(max_size=100))
def test_outside_text_breaks_nothing(name: str, error: str) -> None:
    """The name of the node, and what Rancher met while draining."""
    world = renamed(at_step(sized(3), "hv002", "h5"), "hv002", name)
    for obj in world.objects:
        notes = obj["metadata"].get("annotations") or {}
        if "rke.cattle.io/pre-drain" in notes:
            notes["rke.cattle.io/drain-error"] = error
    drawing = of(world)
    check(drawing.scene)
    assert drawing.mermaid
    _harmless(drawing.mermaid())


SPOKEN = [
    path for path in PATHS if path.parent.name.startswith("upgrade-") and sampled(path, 3, "handshake", each_rule=False)
]


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_scenario_is_drawn(path: Any) -> None:
    """Sound, and at most one step is the one that is waited for."""
    cluster: Cluster = port.cluster(list(scenario(path).objects))
    drawing = draw(cluster, DrawOptions())
    check(drawing.scene)
    assert sum(mark in {"now", "error"} for mark in marks(drawing).values()) <= 1
