"""docs/architecture.md is true: its table and picture come from the real imports, its way from a real run."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.tools import rooms

STEP = re.compile(r"^\d+\. `(harvdiag[\w.]+)`", re.MULTILINE)
FOLLOW = """
import json, sys
order = {}
def follow(frame, event, _):
    if event == "call" and frame.f_code.co_flags & 1:  # a function, not the body of a class
        name = f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_qualname}"
        if name.startswith("harvdiag"):
            order.setdefault(name.removesuffix(".__init__"), len(order))
import harvdiag.cli
sys.argv = ["harvdiag", "check", "data/bundles/issue-8236.zip"]
sys.setprofile(follow)
try:
    harvdiag.cli.main()
except SystemExit:
    pass
sys.setprofile(None)
print(json.dumps(order), file=sys.stderr)
"""


def test_the_picture_is_what_the_code_imports() -> None:
    """Byte for byte; tests/test_docs.py compares the table."""
    assert rooms.drawn() == rooms.PICTURE.read_text(encoding="utf-8"), "run `make docs`"


def test_every_room_imports_only_what_lies_below_it() -> None:
    """The picture's marks lie on one side, and every room of the package is in it."""
    found = {room.name: room.layer for room in rooms.rooms()}
    names = {path.stem if path.is_file() else path.name for path in (rooms.ROOT / "harvdiag").iterdir()}
    assert names - set(found) <= {"__init__", "__main__", "__pycache__", "py"}
    assert all(found[other] < room.layer for room in rooms.rooms() for other in room.imports)
    assert sum((rooms.ROOT / "harvdiag" / name).is_dir() for name in found) <= 21


def test_the_way_of_one_bundle_is_that_of_a_real_run() -> None:
    """Each step's function is called, and for the first time in the order told."""
    steps = STEP.findall(rooms.DOCUMENT.read_text(encoding="utf-8"))
    assert len(steps) >= 8
    done = subprocess.run([sys.executable, "-c", FOLLOW], cwd=rooms.ROOT, capture_output=True, text=True, check=True)
    order = json.loads(done.stderr.splitlines()[-1])
    assert [step for step in steps if step not in order] == []
    assert sorted(steps, key=order.__getitem__) == steps
