"""`harvdiag cure`: the ways out of a finding, compared, rehearsed and told step by step; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import write_written
from harvdiag.cli.finding import FindingWords, take_words
from harvdiag.cli.output import settings, write_note
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.result import Form, Written, check_form, write_result
from harvdiag.cli.source import SourceOptions, cluster_options, open_snapshot
from harvdiag.cli.words import FORMAT, Choice, output_help
from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, join_names, suggest_names
from harvdiag.reports.cure.runbook import ENDINGS, FORMATS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.cure.plan import Runbook, Way

__all__ = ["cure"]

NO_WAY = 1
RUNBOOK = Written(package="harvdiag.reports.cure.runbook", noun="a runbook", pictures=())


def _complete_ways(_ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of all ways that rules declare."""
    from click.shell_completion import CompletionItem

    from harvdiag.rules import registry

    names = sorted({name for rule in registry().values() for name in rule.cures})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(
    cls=Command,
    examples=(
        ("What do I do about the worst root cause?", "harvdiag cure bundle.zip"),
        ("About this finding: its rule, its subject, or both", "harvdiag cure bundle.zip node-without-machine srv09"),
        ("One way, with all of its steps", "harvdiag cure bundle.zip srv09 --way register"),
        ("With boxes to tick, for a ticket", "harvdiag cure bundle.zip -o cure.md"),
        ("A live cluster, which is only read and tells more", "harvdiag cure --context lab"),
        ("The drafts of a way, as files to read", "harvdiag cure bundle.zip srv09 --way by-hand --drafts drafts"),
    ),
)
@click.argument("words", nargs=-1, type=FindingWords(), metavar="[SOURCE] [FINDING]")
@cluster_options
@redact_options
@click.option("--way", metavar="NAME", shell_complete=_complete_ways, help="Only this way, with all of its steps.")
@click.option(
    "--drafts",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write the drafts of the way that is shown first, or of --way, into this folder; none is ever applied.",
)
@click.option("--force", is_flag=True, help="Write over drafts that are there already.")
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help=FORMAT,
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=output_help(ENDINGS))
@click.option("--strict", is_flag=True, help="Exit 1 also where a part of every way has to be settled by hand first.")
@click.option("--full", is_flag=True, help="Fold nothing: each way with its steps; files are never folded.")
def cure(
    words: Sequence[str],
    where: SourceOptions,
    way: str | None,
    drafts: Path | None,
    force: bool,
    form: str | None,
    output: Path | None,
    strict: bool,
    full: bool,
) -> int:
    """Say what to do about a finding: the ways out compared, each step rehearsed. Nothing is changed.

    FINDING is a rule and its subject, one of the two where only one finding has it, or a fingerprint; without one it
    is the worst root cause. SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig
    context, which is only read.

    Each way has its preconditions (P1 to P6) with their values on this cluster, its steps with their commands, what to
    see after each, the point of no return, and how to go back. A way whose rehearsal leaves the finding, or brings a
    new error, is not offered.

    Exit code 0: a way can be followed, maybe after what is open was settled by hand (with --strict: at once), or
    nothing was found; 1: none can; 2: unusable input, access or usage; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
    """
    from harvdiag.status.cure.runbook import is_followed, summarize_runbook

    where, finding = take_words(where, words)
    asked = Form(name=form, output=output, full=full or way is not None)
    check_form(RUNBOOK, asked, where.source)
    _check_drafts(drafts, force)
    with open_snapshot(where) as snapshot:
        found = build_cluster(snapshot).cure(finding or None)
        told = _choose_way(found, way) if way and found.finding else found
        chosen = _choose_drafts(told) if drafts and told.finding else None
        write_result(told, RUNBOOK, asked, lambda: summarize_runbook(told))
        if drafts and chosen:
            _write_drafts(chosen, drafts, force)
    return 0 if is_followed(told, strict) else NO_WAY


def _check_drafts(drafts: Path | None, force: bool) -> None:
    """Raise UsageError, before anything is read, for options that contradict one another."""
    if force and drafts is None:
        raise UsageError("--force is about drafts: give --drafts FOLDER, too")
    if drafts is not None and settings().redactor is not None:
        raise UsageError("--drafts needs the true names, which --redact replaces: give one of them")


def _choose_way(runbook: Runbook, name: str) -> Runbook:
    """The runbook with this way alone, offered or not. Raises UsageError where there is none of this name."""
    chosen = tuple(way for way in runbook.ways if way.name == name)
    if chosen:
        return replace(runbook, ways=chosen, refused=(), support=chosen[0].support)
    if refused := next((way for way in runbook.refused if way.name == name), None):
        return replace(runbook, ways=(), refused=(refused,), none=refused.reason)
    known = [way.name for way in runbook.ways]
    offered = f"; offered {'is' if len(known) == 1 else 'are'} {join_names(known)}" if known else "; none is offered"
    raise UsageError(f"no way {name!r}{did_you_mean(suggest_names(name, known)) or offered}")


def _choose_drafts(runbook: Runbook) -> Way:
    """The way whose drafts are written: the first. Raises UsageError where it has none."""
    first = next(iter(runbook.ways), None)
    if first is not None and first.drafts:
        return first
    others = [f"--way {way.name}" for way in runbook.ways if way.drafts]
    which = f"the way {first.name}" if first else "this finding"
    raise UsageError(f"{which} has no drafts{f'; {join_names(others)} has some' if others else ''}")


def _write_drafts(way: Way, folder: Path, force: bool) -> None:
    """Write the drafts, and say on stderr what each is and what goes wrong with it."""
    from harvdiag.cure.drafts.files import write_drafts

    for draft, path in zip(way.drafts, write_drafts(way, folder, force=force), strict=True):
        write_written(path, f"{draft.title}; a draft to read first")
        for danger in draft.dangers:
            write_note(f"Danger: {danger}")
