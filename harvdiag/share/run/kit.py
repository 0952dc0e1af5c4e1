"""The notebooks of the kit: in a checkout beside the package, in an installation within it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = ["Card", "asks_preflight", "find_notebook", "list_notebooks", "read_card", "read_title"]

PACKAGE = Path(__file__).parents[2]
PLACES = (PACKAGE / "kit" / "notebooks", PACKAGE.parent / "notebooks")
ENDING = ".ipynb"


class Card(NamedTuple):
    """What a notebook says of itself: its title, the text below it, and by reader the question that it answers.

    The questions are in the metadata of the notebook: ``"harvdiag": {"questions": {"operator": "…"}}``.
    """

    title: str
    lead: str
    questions: Mapping[str, str]


def list_notebooks() -> list[Path]:
    """Return the notebooks of the kit in their order; none where they were not installed."""
    return next((found for place in PLACES if (found := sorted(place.glob(f"[0-9]*{ENDING}")))), [])


def find_notebook(word: str) -> Path:
    """Return a notebook by its path, or one of the kit by number or name: ``01``, ``01-find-orphans``.

    Raises UsageError where there is none.
    """
    path = Path(word)
    known = {found.stem: found for found in list_notebooks()}
    name = word.removesuffix(ENDING)
    chosen = known.get(name) or next((known[stem] for stem in known if _is_number(name, stem)), None)
    if chosen is not None and not path.is_file():
        return chosen
    if path.is_dir():
        raise UsageError(f"{word} is a folder; name a notebook in it")
    if not path.is_file():
        near = suggest_names(name, known) or list(known)
        raise UsageError(f"no notebook {word!r}{did_you_mean(near) if near else ': give the path of one'}")
    return path.absolute()


def asks_preflight(notebook: Path) -> bool:
    """Return whether a cell of a notebook asks for a preflight, which reads kinds that no check does."""
    return "preflight(" in notebook.read_text(encoding="utf-8", errors="replace")


def read_title(notebook: Path) -> str:
    """Return the heading of a notebook; empty where it has none."""
    return read_card(notebook).title


def read_card(notebook: Path) -> Card:
    """Return what a notebook says of itself; each part is empty where it does not."""
    document = json.loads(notebook.read_text(encoding="utf-8"))
    texts = ("".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "markdown")
    text = next((text for text in texts if any(line.startswith("# ") for line in text.splitlines())), "")
    heading, _, rest = text[max(0, text.find("# ")) :].partition("\n")
    lead = " ".join(rest.strip().partition("\n\n")[0].split())
    return Card(heading.removeprefix("# "), lead, _read_questions(document.get("metadata", {})))


def _read_questions(metadata: dict[str, Any]) -> dict[str, str]:
    told = metadata.get("harvdiag")
    questions = told.get("questions") if isinstance(told, dict) else None
    return {str(reader): str(text) for reader, text in questions.items()} if isinstance(questions, dict) else {}


def _is_number(word: str, stem: str) -> bool:
    """Whether a word is the number with which a name begins, with or without the zero before it."""
    number = stem.partition("-")[0]
    return word.isascii() and word.isdigit() and int(word[:9]) == int(number)
