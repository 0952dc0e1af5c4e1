"""What a notebook that was run tells about the machine, and concerns no one else: taken out.

The source is named as in a report, without its folder. Paths of this Python stand in tracebacks and warnings alone;
elsewhere the same words may be evidence from the cluster, and stay.
"""

from __future__ import annotations

import re
import site
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["rename", "scrub"]

WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""All that is kept of the notebook's own: papermill, for one, notes paths and times there."""
KEPT = {"tags", "jupyter"}
"""What is kept of a cell's metadata."""
SHOWN = {"data", "text", "ename", "evalue", "traceback"}
"""The parts of an output that hold texts of the cluster."""
PICTURE = re.compile(r"(?<=data:image/svg\+xml;base64,)([A-Za-z0-9+/=]+)")
CELL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py")
DEEP = 3
"""The least parts of a folder's path, the root included, that is taken out of any text: ``/tmp`` may be evidence."""
Change = Callable[[str], str]


def scrub(document: Any, folder: Path, source: Path | None) -> None:
    """Take paths, times and widgets out of a notebook that was run in `folder` on a file, if it was one."""
    document.metadata = {**METADATA}
    everywhere = _compile(_own_places(folder, source))
    in_errors = _compile(_own_places(folder, source) | _python_places())
    for cell in document.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT}
        cell.source = everywhere(cell.source)
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _is_form(output)]
        for output in cell.get("outputs", ()):
            _scrub_output(output, everywhere, in_errors)


def _is_form(output: Any) -> bool:
    """Whether an output is a widget and nothing else that says more than its name."""
    forms = set(output.get("data", {}))
    return WIDGET in forms and forms <= {WIDGET, "text/plain"}


def _scrub_output(output: Any, everywhere: Change, in_errors: Change) -> None:
    told = output.output_type == "error" or output.get("name") == "stderr"
    output.get("data", {}).pop(WIDGET, None)
    change: Change = (lambda text: CELL_FILE.sub("the cell", in_errors(text))) if told else everywhere
    for key in [key for key in output if key != "output_type"]:
        output[key] = _walk(output[key], change)


def rename(document: Any, change: Change) -> None:
    """Apply a change to every text of a notebook, those of its pictures included: also the notebook's own words, in
    which a name of the cluster may stand by chance.
    """
    for cell in document.cells:
        cell.source = change(cell.source)
        for output in cell.get("outputs", ()):
            for key in [key for key in output if key in SHOWN]:
                output[key] = _walk(output[key], partial(_change_with_pictures, change))


def _change_with_pictures(change: Change, text: str) -> str:
    parts = PICTURE.split(text)  # text, picture, text, …
    return "".join(_change_picture(change, part) if n % 2 else change(part) for n, part in enumerate(parts))


def _change_picture(change: Change, encoded: str) -> str:
    return b64encode(change(b64decode(encoded).decode()).encode()).decode()


def _walk(value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    if isinstance(value, dict):
        return type(value)({key: _walk(item, change) for key, item in value.items()})
    return value


def _own_places(folder: Path, source: Path | None) -> dict[str, str]:
    """The paths that a notebook knows by itself, with what stands in their place."""
    places = {str(source): source.name} if source else {}
    for place in (folder.absolute(), *([source.parent] if source else ())):
        for path in {place, place.resolve()}:
            if len(path.parts) >= DEEP:
                places |= {f"{path}/": "", f"{path}\\": "", str(path): path.name}
    return places


def _python_places() -> dict[str, str]:
    """The paths of this Python, of its packages, and of the user."""
    packages = [*site.getsitepackages(), str(Path(__file__).parents[3])]
    places = {f"{path}{sep}": "" for path in packages for sep in ("/", "\\")}
    bases = {sys.prefix: "python", sys.base_prefix: "python", str(Path.home()): "~"}
    return places | {path: name for path, name in bases.items() if len(path) > 1}


def _compile(places: Mapping[str, str]) -> Change:
    """A function that replaces paths in a text, the longest first; also where backslashes are doubled."""
    known = {form: name for path, name in places.items() for form in (path, path.replace("\\", "\\\\"))}
    forms = "|".join(re.escape(path) for path in sorted(known, key=len, reverse=True)) or "(?!)"
    pattern = re.compile(rf"(?:{forms})(?:(?<=[/\\])|(?![\w-]))")  # a whole name, or what ends in a separator
    return lambda text: pattern.sub(lambda found: known[found[0]], text)
