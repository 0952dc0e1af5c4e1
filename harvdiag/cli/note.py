"""`harvdiag note`: write a note on a finding or on the cluster, or list those that there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import write_written
from harvdiag.cli.finding import FindingWords, is_fingerprint, is_live, refuse_finding, take_source
from harvdiag.cli.notes import notes_option
from harvdiag.cli.output import terminal_width, use_colour, write_note, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.source import SourceOptions, cluster_options, open_snapshot
from harvdiag.cli.words import Choice
from harvdiag.core.errors import UsageError
from harvdiag.core.notes import Note, Notes, NoteStatus

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.findings import Findings

__all__ = ["note"]

STDIN = "-"
MOST = 4
"""The most words of a finding that is not quoted: rule, kind, and an object with its namespace."""


class _Steps(click.ParamType[tuple[int, ...]]):
    """Numbers of steps: ``4,5``."""

    name = "n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        words = [word.strip() for word in str(value).split(",")]
        if not all(word.isdecimal() for word in words):
            self.fail(f"{value!r} are not numbers of steps, such as 4 or 4,5", param, ctx)
        return tuple(map(int, words))


class _Status(Choice):
    """A status, in one word: ``false-positive``."""

    def __init__(self) -> None:
        super().__init__([str(status).replace(" ", "-") for status in NoteStatus])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(str(value).lower().replace(" ", "-"), param, ctx)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What is written; empty: what is there is listed."""

    status: NoteStatus | None
    done: tuple[int, ...]
    undone: tuple[int, ...]
    author: str

    @property
    def empty(self) -> bool:
        return not (self.status or self.done or self.undone)


@click.command(
    cls=Command,
    examples=(
        (
            "What is known about a finding, for those who come next",
            'harvdiag note bundle.zip "node-without-machine srv09" "added by hand in March" --status acknowledged',
        ),
        ("Steps 4 and 5 are done", "harvdiag note bundle.zip srv09 --done 4,5"),
        ("The steps of a finding with their numbers, and its notes", "harvdiag note bundle.zip srv09"),
        ("All notes", "harvdiag note bundle.zip"),
        ("A note on the cluster, from standard input", "cat handover.md | harvdiag note bundle.zip --cluster -"),
        ("Take over what a colleague wrote", "harvdiag note bundle.zip --merge theirs.notes.yaml"),
    ),
)
@click.argument("words", nargs=-1, type=FindingWords(), metavar="SOURCE [FINDING] [TEXT]")
@click.option("--status", type=_Status(), help="What was decided about the finding.")
@click.option("--done", type=_Steps(), multiple=True, help="Tick these steps as done (comma-separated, repeatable).")
@click.option("--undone", type=_Steps(), multiple=True, help="Remove their ticks (comma-separated, repeatable).")
@click.option("--cluster", "about_cluster", is_flag=True, help="A note on the cluster: no FINDING is given.")
@click.option("--author", default="", help="Who writes; default: HARVDIAG_AUTHOR, else the name of the user.")
@click.option(
    "--merge",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Add the notes of another file; of one with a conflict of git those of both sides.",
)
@notes_option(exists=False)
@cluster_options
def note(
    where: SourceOptions,
    words: tuple[str, ...],
    status: str | None,
    done: tuple[tuple[int, ...], ...],
    undone: tuple[tuple[int, ...], ...],
    about_cluster: bool,
    author: str,
    merge: Path | None,
    notes: Path | None,
) -> None:
    """Write a note on a finding, or list the notes that there are.

    FINDING is a rule and its subject, one of the two where only one finding has it, or a fingerprint. TEXT is
    Markdown; - reads it from standard input. Without a TEXT, --status, --done and --undone the notes are listed, those
    on FINDING with its steps. A cluster is given by --context or as context:NAME.

    Notes are kept in NAME.notes.yaml beside the source, those on a cluster in the working folder. Every report shows
    them. They change no exit code.
    """
    decided = NoteStatus.parse(status) if status else None
    entry = _Entry(status=decided, done=(*chain(*done),), undone=(*chain(*undone),), author=author.strip())
    if about_cluster and not entry.empty:
        raise UsageError("a note on the cluster has a text alone: --status, --done and --undone are for findings")
    if notes is not None and words and is_fingerprint(words[0]) and not (about_cluster or is_live(where)):
        _write_by_name(notes, words, entry)
        return
    if merge is not None and notes is not None and not words:
        _merge(notes.absolute(), merge)
        return
    where, words = take_source(where, words)
    refuse_finding(where.source)
    if merge is not None and (words or about_cluster or not entry.empty):
        raise UsageError("--merge takes over the notes of a file, and writes none: give it with the SOURCE alone")
    with open_snapshot(where) as snapshot:
        cluster = build_cluster(snapshot, notes)
        if merge is not None:
            _merge(cluster.notes.path, merge)
        elif about_cluster and words:
            kept = cluster.note(_read_text(words, where.source), author=entry.author)
            _tell_written(cluster.notes, kept, "the cluster")
        else:
            _note_findings(cluster, words, entry, where.source)


def _note_findings(cluster: Cluster, words: Sequence[str], entry: _Entry, source: str | None) -> None:
    """Write a note on the finding that the words name, or list notes."""
    findings = _check(cluster, words)
    if findings.notes.fault:
        raise UsageError(findings.notes.fault)
    if not words:
        if not entry.empty:
            raise UsageError('give the FINDING: a rule and its subject, such as "node-unready srv09"')
        _list_notes(findings, None)
        return
    name, rest = _split_finding(words, partial(_names_one, findings))
    if not rest and entry.empty:
        _list_notes(findings, findings.named(name))
        return
    text = _read_text(rest, source) if rest else ""
    kept = findings.note(name, text, status=entry.status, done=entry.done, undone=entry.undone, author=entry.author)
    _tell_written(findings.notes, kept, _describe(kept))


def _check(cluster: Cluster, words: Sequence[str]) -> Findings:
    """The findings; where the first word names a rule that a check leaves out, those of a preflight."""
    from harvdiag.core.findings import UncheckedError

    try:
        return cluster.findings_with(words[0] if words else "")
    except UncheckedError as error:
        return error.findings


def _names_one(findings: Findings, name: str) -> bool:
    try:
        return bool(findings.named(name))
    except UsageError:
        return False


def _split_finding(words: Sequence[str], is_name: Callable[[str], bool]) -> tuple[str, tuple[str, ...]]:
    """The finding, of which the words need not be quoted, and the words of the text."""
    for number in range(min(len(words), MOST), 1, -1):
        if all(map(str.strip, words[:number])) and is_name(" ".join(words[:number])):
            return " ".join(words[:number]), tuple(words[number:])
    return words[0], tuple(words[1:])


def _read_text(words: Sequence[str], source: str | None) -> str:
    if [*words] != [STDIN]:
        return " ".join(words)
    if source == STDIN:
        raise UsageError("the SOURCE is standard input, so the text cannot be: give one of them as a file or a word")
    if sys.stdin is None:
        raise UsageError("stdin is closed: give the TEXT as a word")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _list_notes(findings: Findings, fingerprint: str | None) -> None:
    from harvdiag.reports.notes import render_notes

    write_stdout(render_notes(findings, fingerprint, terminal_width(120), use_colour()))


def _describe(kept: Note) -> str:
    from harvdiag.core.choose import name_finding

    return name_finding(kept.fingerprint)


def _tell_written(notes: Notes, kept: Note, about: str) -> None:
    """Say on stderr what was written where; steps by their text, so that a wrong number is seen."""
    status = f", {kept.status}" if kept.status else ""
    if notes.path:
        write_written(_relative(notes.path), f"a note on {about}{status}, by {kept.author}")
    for what, steps in (("Ticked", kept.done), ("No longer ticked", kept.undone)):
        for step in steps:
            write_note(f"{what}: {step}")


def _relative(path: Path) -> Path:
    """The path as seen from the working folder, where it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _write_by_name(file: Path, words: Sequence[str], entry: _Entry) -> None:
    """Write a note by the fingerprint of its finding, which is not looked for: no source is given."""
    from harvdiag.notes.file import NotesFile

    if entry.done or entry.undone:
        raise UsageError("steps are ticked by their numbers: give the SOURCE, too, which has them")
    text = _read_text(words[1:], None) if words[1:] else ""
    about = Note(fingerprint=words[0], text=text.strip(), status=entry.status, author=entry.author)
    notes = Notes(keeper=NotesFile(file.absolute()))
    _tell_written(notes, notes.add(about), words[0])


def _merge(target: Path | None, other: Path) -> None:
    from harvdiag.notes.file import NotesFile
    from harvdiag.status.summary import format_count

    if target is None:
        raise UsageError("there is no file into which notes could be merged: give --notes FILE")
    count = NotesFile(target).merge_file(other)
    write_written(_relative(target), f"{format_count(count, 'note')} added from {other}")
