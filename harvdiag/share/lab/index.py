"""The first page of a working copy: which notebook answers whose question, as the notebooks say it of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.core.target import CONTEXT
from harvdiag.share.run.kit import Card, read_card

__all__ = ["PAGES", "render_index"]

PAGES = ("README.md", "harvdiag-lab.md")
"""What the page is called; the second where the user's folder has a README of its own. JupyterLab shows it without a
kernel; a notebook would start one to hold links."""
OPERATOR, SUPPORT, NEWCOMER = "operator", "support", "newcomer"
READERS = {
    OPERATOR: "Something is wrong now",
    SUPPORT: "I help others, or prepare an upgrade",
    NEWCOMER: "I am new to this",
}
"""Who reads it, in the order of the page; a notebook names them in its metadata."""
LEARNING = "9"
"""How the numbers of the notebooks begin that are exercises."""
HOW = """\
Click a question; in the notebook choose *Run*, *Run All Cells*, and scroll up: each begins with its answer. Nothing is
changed in a cluster, and nothing is sent anywhere."""
STEPS = """\
In an exercise run one cell after the other, with *Shift+Enter*; where `...` stands write your answer, and run that cell
with *Ctrl+Enter*."""
FIRST = f"""\
Begin with lab a: no Harvester is needed, and nothing can break. {STEPS} The other notebooks: click a question, choose
*Run*, *Run All Cells*, and scroll up."""
SAMPLES = "The notebooks read **samples**. For your own cluster: `harvdiag lab supportbundle.zip`, or `context:lab`."
KEPT = "This folder is yours: what you edit is never overwritten. `harvdiag lab` here again goes on with it."


def render_index(notebooks: Mapping[Path, str], source: str | None, training: bool = False) -> str:
    """Return the page as Markdown. `notebooks` are those of the kit, each with the path of its copy to open.

    With `training`, what there is to learn comes first.
    """
    cards = {copy: read_card(notebook) for notebook, copy in notebooks.items()}
    readers = [NEWCOMER, OPERATOR, SUPPORT] if training else [*READERS]
    exercises = any(map(_is_exercise, cards))
    how = (FIRST if training else f"{HOW} {STEPS}") if exercises else HOW
    parts = ["# Which notebook do I need?", how, _tell_source(source)]
    for reader in readers:
        if rows := [*_questions(reader, _arrange(cards) if training else cards)]:
            parts += [f"## {READERS[reader]}", "\n".join(rows)]
    return "\n\n".join([*parts, "## All notebooks", "\n".join(_table(cards)), _end(cards)]) + "\n"


def _tell_source(source: str | None) -> str:
    """What the notebooks read, without its folder; exercises never do."""
    if source is None:
        return SAMPLES
    name = source if source.startswith(CONTEXT) else PurePath(source).name
    return f"The notebooks read {format_code(name)}, but for the exercises, which have clusters of their own."


def _questions(reader: str, cards: Mapping[str, Card]) -> Iterator[str]:
    for copy, card in cards.items():
        question = card.questions.get(reader)
        if not question and reader == NEWCOMER and _is_exercise(copy):
            question = card.title
        if question:
            yield f"- [{escape_markdown(question)}]({copy})"


def _arrange(cards: Mapping[str, Card]) -> Mapping[str, Card]:
    """The exercises first, in the order in which they are learned."""
    return dict(sorted(cards.items(), key=lambda entry: not _is_exercise(entry[0])))


def _is_exercise(copy: str) -> bool:
    return copy.rpartition("/")[2].startswith(LEARNING)


def _table(cards: Mapping[str, Card]) -> Iterable[str]:
    yield from ("| notebook | what it is about |", "| :--- | :--- |")
    for copy, card in cards.items():
        name = copy.rpartition("/")[2].rpartition(".")[0]
        yield f"| [{name}]({copy}) | {escape_markdown(card.title)} |"


def _end(cards: Mapping[str, Card]) -> str:
    pages = "[terms](docs/glossary.md), [what each command does](docs/commands.md), [in Python](docs/python.md)"
    return f"Words and pages: {pages}. {KEPT}" if cards else KEPT
