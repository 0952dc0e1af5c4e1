"""`harvdiag what-if`: what an action would do, played on a copy of what was read."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from harvdiag.cli.action import ActionWords, split_words
from harvdiag.cli.command import Command
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.result import PICTURES, Form, Written, check_form, write_result
from harvdiag.cli.source import SourceOptions, cluster_options, open_snapshot
from harvdiag.cli.words import FORMAT, Choice, output_help
from harvdiag.cure.action import FORMS
from harvdiag.reports.cure import ENDINGS, FORMATS

__all__ = ["what_if"]

HARMFUL = 1
SIMULATION = Written(package="harvdiag.reports.cure", noun="a simulation")
LISTED = "\n".join(f"  {form}" for form in FORMS)
HELP = f"""Say what an action would do to the cluster, step by step, and whether it is safe. Nothing is changed.

ACTION is one of these, between quotes or not; KIND and NAME are as for `harvdiag get`:

\b
{LISTED}

`delete host` is what Harvester's UI does; `drain` moves VMs and replicas off a host, `uninstall` removes RKE2 from it
and switches it off, `join` is a host reinstalled under this name; `register` lets the host of a Node register again;
`wait` does nothing.

The answer is a class (safe, needs care, dangerous, useless, silent damage, or cannot be told) with the reasons, the
steps in turn, what findings would come and go, and the preconditions P1 to P6 of a removal with their values. SOURCE is
as for `harvdiag check`; without one it is the cluster of the current kubeconfig context, which is only read. What to do
about a finding, step by step and rehearsed, is told by `harvdiag cure`.

Exit code 0: told; 1: dangerous, silent damage, or a new error (with --strict also where it cannot be told); 2: unusable
input, access or usage, such as an ACTION that is none of these; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
"""


@click.command(
    "what-if",
    cls=Command,
    help=HELP,
    examples=(
        ("What happens if I delete this Node?", 'harvdiag what-if bundle.zip "delete Node srv09"'),
        ("As Harvester's UI deletes a host", 'harvdiag what-if bundle.zip "delete host srv07"'),
        ("Let the host register again", 'harvdiag what-if bundle.zip "register srv09"'),
        (
            "Set a label; KEY- removes one",
            'harvdiag what-if bundle.zip "label Node srv09 harvesterhci.io/managed=true"',
        ),
        ("Do nothing, on a live cluster, which is only read", 'harvdiag what-if --context lab "wait"'),
        ("As a file for a ticket; .svg is a picture", 'harvdiag what-if bundle.zip "delete Node srv09" -o plan.md'),
    ),
)
@click.argument("words", nargs=-1, required=True, type=ActionWords(), metavar='[SOURCE] "ACTION"')
@cluster_options
@click.option("-n", "--namespace", help="Namespace of KIND NAME, as for kubectl; within the quotes or without.")
@redact_options
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help=FORMAT,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=output_help((*ENDINGS, *PICTURES)),
)
@click.option("--strict", is_flag=True, help="Exit 1 also where it cannot be told what the action would do.")
@click.option("--full", is_flag=True, help="Fold nothing: each step, each finding; files are never folded.")
def what_if(
    words: Sequence[str],
    where: SourceOptions,
    namespace: str | None,
    form: str | None,
    output: Path | None,
    strict: bool,
    full: bool,
) -> int:
    """Say what an action would do."""
    from harvdiag.status.cure.words import summarize_simulation

    source, action = split_words(words)
    action = action if namespace is None else f"{action} --namespace={shlex.quote(namespace)}"
    asked = Form(name=form, output=output, full=full)
    check_form(SIMULATION, asked, source)
    with open_snapshot(where._replace(source=source)) as snapshot:
        told = build_cluster(snapshot).simulate(action)
        write_result(told, SIMULATION, asked, lambda: summarize_simulation(told))
    return HARMFUL if told.harmful or (strict and not told.told) else 0
