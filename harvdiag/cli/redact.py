"""`harvdiag redact`: a snapshot that is safe to hand on, and the way back for the owner of the key."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import check_ending, check_output, write_written
from harvdiag.cli.notes import carry_notes
from harvdiag.cli.output import write_note, write_stdout
from harvdiag.cli.redaction import KEY, WORDS, ask_redaction, read_words
from harvdiag.cli.snapshot import check_snapshot_file, is_checkable
from harvdiag.cli.source import SourceOptions, choose_progress, open_snapshot, source_options
from harvdiag.cli.words import KINDS
from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text

if TYPE_CHECKING:
    from harvdiag.redact import Redactor
    from harvdiag.snapshot import Snapshot
    from harvdiag.sources.saved.writer import Saved

__all__ = ["redact"]

LARGEST = 64 << 20
BUNDLE = "bundle"


@click.command(
    cls=Command,
    examples=(
        ("A support bundle as a snapshot to hand on", "harvdiag redact bundle.zip -o redacted.harvdiag.zip"),
        ("The same as a bundle, with the logs", "harvdiag redact bundle.zip --as bundle -o redacted.zip"),
        ("Also replace the name of a customer", "harvdiag redact bundle.zip --word ACME -o redacted.harvdiag.zip"),
        ("What the answer to it is about, with your own names", "harvdiag redact --reveal answer.txt"),
    ),
)
@source_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: a pseudonym and the time of collection; with --reveal: stdout.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["snapshot", BUNDLE]),
    default="snapshot",
    help="What to write: a snapshot (default), or a bundle in the layout of a support bundle, with the logs.",
)
@KEY
@click.option("--word", "words", multiple=True, metavar="TEXT", help="Also replace this word, wherever it stands.")
@click.option(
    "--pattern", "patterns", multiple=True, metavar="REGEX", help="Also replace what this regular expression matches."
)
@WORDS
@click.option("--kind", "kinds", type=KINDS, multiple=True, help="Also save these kinds, as `harvdiag snapshot` does.")
@click.option("--reveal", is_flag=True, help="Translate back: SOURCE is a text (default: standard input).")
def redact(
    where: SourceOptions,
    output: Path | None,
    form: str,
    key: Path | None,
    words: Sequence[str],
    patterns: Sequence[str],
    word_file: Path | None,
    kinds: Sequence[tuple[str, ...]],
    reveal: bool,
) -> int:
    """Save a cluster to a snapshot or a bundle, with pseudonyms for names and addresses, and without credentials.

    Hosts, VMs, namespaces, domains, addresses, UUIDs and the like get pseudonyms: the same for equal ones, in every
    source under one key, so that findings, graph and pictures stay the same. Names of Kubernetes, Rancher and
    Harvester, versions and times are kept. The key stays with you: it lies in your configuration folder, and beside it
    what each pseudonym stands for, with which --reveal translates back. Nothing is written where a last look finds
    anything left.

    With --as bundle it has the layout of a support bundle, which other tools read, too, and the logs and the archives
    of nodes, as far as the source has them.
    """
    if reveal:
        return _reveal_text(where, output, key)
    if form == BUNDLE and kinds:
        raise UsageError("--kind is about snapshots: a bundle has every kind of its source")
    if output is not None:
        _check_file(output, form)
    more, expressions = read_words(word_file)
    ask_redaction(key, (*words, *more), (*patterns, *expressions))
    with open_snapshot(where) as source:
        from harvdiag.redact import save_bundle, save_redacted

        if source.unredacted is not None and source.unredacted.manifest.redacted:
            raise UsageError(f"{source.manifest.name} is redacted already: hand it on as it is")
        is_checkable(source)
        if form == BUNDLE:
            saved, redactor = save_bundle(source, output, choose_progress())
        else:
            saved, redactor = save_redacted(source, output, [*chain(*kinds)])
        write_stdout(_summary_text(source, saved, redactor), end="\n", private=True)
    return 0


def _check_file(output: Path, form: str) -> None:
    """Raise UsageError, before anything is read, for what is not the name of a zip file that may be written."""
    if form != BUNDLE:
        check_snapshot_file(output)
        return
    from harvdiag.redact import check_bundle_file

    if str(output) == "-":
        raise UsageError("a bundle is not written to stdout: it is a zip file; give its name with -o")
    check_ending(output, (".zip",), "a bundle")
    check_bundle_file(output)


def _summary_text(source: Snapshot, saved: Saved, redactor: Redactor) -> str:
    """What was written, what was replaced and removed in it, and what is left to do."""
    from harvdiag.redact import describe_counts, describe_removed
    from harvdiag.rules.actions import quote_argument
    from harvdiag.status.summary import group_gaps

    lines = [f"Written:  {saved.path}: {saved.what}, of {source.manifest.name}."]
    lines += [f"Replaced: {described}." for described in (describe_counts(redactor.names),) if described]
    lines += [f"Removed:  {described}." for described in (describe_removed(redactor.removed),) if described]
    ordinary = sorted({entry.original for entry in redactor.names.ordinary})
    if ordinary:
        told = ", ".join(ordinary)
        lines.append(f"Verify:   {told}: an ordinary word is replaced where it stands as a name, not in sentences.")
    lines += [f"Notes:    {told}." for told in (carry_notes(source, saved.path),) if told]
    lines += [f"Not seen: {kinds}: {why}" for kinds, why in group_gaps(saved.gaps)]
    lines.append(f"Key:      {redactor.key.path} (mark {redactor.key.mark}); it is not in the file. Hand it to no one.")
    if redactor.unnoted:
        lines.append(f"Not kept: what the pseudonyms stand for, for --reveal: {redactor.unnoted}")
    if is_checkable(source):
        lines.append(f"Next:     harvdiag check {quote_argument(str(saved.path))}")
    return "\n".join(escape_text(line) for line in lines)


def _reveal_text(where: SourceOptions, output: Path | None, key: Path | None) -> int:
    from harvdiag.redact import Ledger, load_key
    from harvdiag.reports import save_report

    if where.contexts or where.kubeconfig:
        raise UsageError("--reveal translates a text: give a file, or standard input, and no cluster")
    if output is not None:
        check_output(output, (), "the text", where.source)
    plain, strangers = Ledger(load_key(key, make=False)).reveal(_read_text(where.source))
    if output is None:
        write_stdout(plain)
    else:
        write_written(save_report(plain, output), "with your own names: keep it")
    if strangers:
        write_note(f"harvdiag: not of this key, and left as they are: {', '.join(strangers)}")
    return 0


def _read_text(source: str | None) -> str:
    """The text to translate. Raises UsageError if it cannot be read."""
    try:
        if source in (None, "-"):
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(str(source)).expanduser().open("rb") as stream:
                data = stream.read(LARGEST + 1)
    except (OSError, ValueError, RuntimeError) as error:
        why = str(getattr(error, "strerror", None) or "it failed").lower()
        raise UsageError(f"{source}: the text to translate cannot be read: {why}") from None
    if len(data) > LARGEST:
        raise UsageError(f"{source or 'standard input'}: longer than {LARGEST >> 20} MiB: give a part of it")
    if data.startswith(b"PK"):
        raise UsageError(f"{source or 'standard input'}: an archive, not a text: run the command on it first")
    return data.decode("utf-8", "surrogateescape")
