"""Where boxes and ties go: few crossings, no box over another, no tie through a box."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.model import ObjectRef
from harvdiag.figures.links.labels import last_field, short_field
from harvdiag.figures.links.layout import Grid, count_crossings, order_columns, place_boxes
from harvdiag.figures.links.routes import route_links
from harvdiag.status.links.folding import Fold, fold_rows, trim_row
from harvdiag.status.links.rows import COLUMNS, PLACE, Box, Link, Row

KINDS = [kind for kinds in COLUMNS for kind in kinds]


def thing(kind: str, name: object, state: str = "good") -> Box:
    """Any object."""
    return Box(ObjectRef(kind, "", str(name)), state)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A few things of each kind, tied at will."""
    things = [thing(kind, number) for kind in KINDS for number in range(draw(st.integers(0, 4)))] or [thing("Node", 0)]
    ends = st.tuples(st.sampled_from(things), st.sampled_from(things))
    pairs = draw(
        st.lists(ends.filter(lambda e: PLACE[e[0].ref.kind] != PLACE[e[1].ref.kind]), max_size=12, unique=True)
    )
    return Row(tuple(things), tuple(Link(a, b, ("spec.x",)) for a, b in pairs))


def crossed(size: int) -> Row:
    """Nodes tied to the Machines in the opposite order, each Machine to its parts."""
    nodes = [thing("Node", number) for number in range(size)]
    machines = [thing("Machine", number) for number in range(size)]
    parts = [thing(kind, number) for kind in ("CustomMachine", "RKEBootstrap") for number in range(size)]
    ties = [Link(a, b, ("x",)) for a, b in zip(nodes, reversed(machines), strict=True)]
    ties += [Link(machines[int(part.ref.name)], part, ("x",)) for part in parts]
    return Row((*nodes, *machines, *parts), tuple(ties))


def test_ties_that_need_not_cross_do_not() -> None:
    """The barycentres turn the columns round."""
    for size in (2, 3, 5):
        row = crossed(size)
        before = [[t for t in row.boxes if t.ref.kind in kinds] for kinds in COLUMNS]
        assert count_crossings(row, before) > 0
        assert count_crossings(row, order_columns(row)) == 0


@settings(deadline=None)
@given(rows())
def test_boxes_never_overlap(row: Row) -> None:
    """Each in its column, within the row."""
    grid = Grid()
    areas, high = place_boxes(row, grid, {})
    assert set(areas) == {t.key for t in row.boxes}
    found = list(areas.values())
    for at, one in enumerate(found):
        assert one.y >= -0.01
        assert one.bottom <= high + 0.01
        assert not any(one.overlaps(other, 0.01) for other in found[at + 1 :])


@settings(deadline=None)
@given(rows())
def test_ties_pass_between_the_boxes(row: Row) -> None:
    """From edge to edge; across a column a tie is level, and in no box."""
    grid = Grid()
    areas, _ = place_boxes(row, grid, {})
    for route in route_links(row.links, areas, grid):
        source, target = areas[route.tie.source.key], areas[route.tie.target.key]
        assert route.pieces[0][0][0] in {source.x, source.right}
        assert route.pieces[-1][1][0] in {target.x, target.right}
        for (x, y), (a, b) in route.pieces[1::2]:
            assert y == b
            assert not any(
                area.y < y < area.bottom and min(x, a) < area.right - 1 and max(x, a) > area.x + 1
                for area in areas.values()
            )


def test_rows_fold_from_eight_on() -> None:
    """Seven are shown, eight are told as one."""
    chain = [Row((thing("Node", number),)) for number in range(8)]
    assert fold_rows(chain[:7]) == chain[:7]
    (bundle,) = fold_rows(chain)
    assert isinstance(bundle, Fold)
    assert bundle.noun == "8 nodes"
    assert fold_rows(chain, whole=True) == chain


def test_a_row_is_trimmed_to_what_matters() -> None:
    """What is broken stays."""
    things = (*(thing("Node", number) for number in range(40)), thing("Node", "bad", "error"))
    row = trim_row(Row(things), most=5)
    assert len(row.boxes) == 5
    assert row.left == 36
    assert any(t.ref.name == "bad" for t in row.boxes)


def test_fields_are_told_in_few_signs() -> None:
    """The name of an annotation or label, or the end of the path."""
    assert short_field('metadata.annotations["cluster.x-k8s.io/machine"]') == "cluster.x-k8s.io/machine"
    assert last_field('metadata.annotations["cluster.x-k8s.io/machine"]') == "machine"
    assert short_field("status.nodeRef.name") == "status.nodeRef.name"
    assert last_field("spec.infrastructureRef.name") == "infrastructureRef"
    assert last_field("metadata.ownerReferences[0]") == "ownerReferences"
