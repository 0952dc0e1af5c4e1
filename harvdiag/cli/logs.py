"""`harvdiag logs`: the logs of a node or a pod in a support bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import write_note, write_stdout
from harvdiag.cli.question import LogWords, split_source
from harvdiag.cli.source import SourceOptions, cluster_options, open_snapshot
from harvdiag.cli.words import SINCE, UNTIL
from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot
    from harvdiag.upgrade.logs import LogLines, LogRead

__all__ = ["logs"]

MOST = 12


@click.command(
    cls=Command,
    examples=(
        ("What has logs", "harvdiag logs bundle.zip"),
        ("A node's services, searched", "harvdiag logs srv09 bundle.zip --grep fatal --since 3d"),
        ("One service, its last lines", "harvdiag logs srv09 bundle.zip -c rancher-system-agent --tail 20"),
        ("The pods of a Deployment", "harvdiag logs deploy/rancher bundle.zip --until 2025-05-08T10:00Z"),
    ),
)
@click.argument("words", nargs=-1, type=LogWords(), metavar="[NODE|POD] [SOURCE]")
@click.option("--grep", default="", help="Only lines that match this regular expression, in any case.")
@click.option("--since", default="", help=SINCE)
@click.option("--until", default="", help=UNTIL)
@click.option("--tail", type=click.IntRange(min=1), help="Only the last lines of each log, so many; default: all.")
@click.option("-n", "--namespace", default="", help="The namespace of the pod; default: any.")
@click.option("-c", "--container", default="", help="Only this container of the pod, or unit of the node.")
@click.option("-p", "--previous", is_flag=True, help="The log of the container before it was restarted.")
@cluster_options
def logs(
    where: SourceOptions,
    words: Sequence[str],
    grep: str,
    since: str,
    until: str,
    tail: int | None,
    namespace: str,
    container: str,
    previous: bool,
) -> int:
    """Print logs of a support bundle: of a node (its system services), of a pod, or of the pods of a workload.

    The name is srv09, node/srv09, pod/NAME, NAMESPACE/NAME or deploy/NAME; the last word is the SOURCE. Without a name
    it lists what has logs. Passwords and tokens are masked. Lines of several logs begin with where they come from;
    which files were read is told on stderr. A line without a time belongs to the one before it.

    Exit code 0: printed, or no line fits; 2: unusable input, or no such log.
    """
    from harvdiag.upgrade.logs import LogOptions, LogQuestion, read_lines

    own, source = split_source(words)
    if len(own) > 1:
        raise UsageError(f"give one node or pod, then the SOURCE; not {' '.join(words)}")
    with open_snapshot(where._replace(source=source)) as snapshot:
        if not own:
            write_stdout(_list_logs(snapshot))
            return 0
        limits = LogOptions(since=since, until=until, namespace=namespace, container=container)
        limits |= {"previous": previous, "whole": True}
        found = read_lines(snapshot, LogQuestion(of=own[0], grep=grep, most=tail, **limits))
    for note in _notes(found):
        write_note(note)
    write_stdout("".join(f"{line}\n" for line in _format_lines(found)))
    return 0


def _list_logs(snapshot: Snapshot) -> str:
    """A table of what has logs."""
    from harvdiag.reports.objects import align_rows
    from harvdiag.upgrade.logs import list_owners

    owners = list_owners(snapshot)
    if not owners:
        raise UsageError(f"{snapshot.manifest.name} holds no logs: only a support bundle does")
    rows = [(each.namespace or "<none>", f"{each.kind}/{each.name}", ",".join(each.parts)) for each in owners]
    return align_rows([("NAMESPACE", "NAME", "LOGS"), *(tuple(map(escape_text, row)) for row in rows)])


def _format_lines(found: LogLines) -> Iterator[str]:
    """The lines; where they are of several logs, each with where it comes from."""
    labels = {read.log.file: read.log.label for read in found.read}
    for line in found:
        yield escape_text(f"[{labels[line.file]}] {line.text}" if len(labels) > 1 else line.text)


def _notes(found: LogLines) -> Iterator[str]:
    """Which logs were read, and what may be missing of them."""
    yield from (_describe_read(read) for read in found.read[:MOST])
    if len(found.read) > MOST:
        rest = found.read[MOST:]
        yield f"and {len(rest)} more logs: {_count(sum(read.fit for read in rest))}"
        yield from (_describe_read(read) for read in rest if read.error)


def _describe_read(read: LogRead) -> str:
    if read.error:
        return f"{read.log.file}: not read: {read.error}"
    told = f"{read.fit:,} of {_count(read.lines)}" if read.fit != read.lines else _count(read.lines)
    end = "" if read.whole else "; only its end was read"
    return f"{read.log.file}: {told}{end}{'' if read.timed else '; no line has a time, so all are shown'}"


def _count(lines: int) -> str:
    return f"{lines:,} line{'' if lines == 1 else 's'}"
