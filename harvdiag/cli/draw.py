"""`harvdiag draw`: a picture of the cluster, in the terminal or in a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.complete import complete_focus
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.output import terminal_width, use_colour, write_note, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import Source, SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import Choice
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import UncheckedError
from harvdiag.figures import PICTURES, default_picture

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.figures.figure import Figure

__all__ = ["draw"]

PAGE = ".html"
FORMS = {
    form: [name for name, other in PICTURES.items() if form in other.forms]
    for picture in PICTURES.values()
    for form in picture.forms
}
"""The pictures of each ending that not every picture has."""
THEMES = ("auto", "light", "dark")
WIDEST = 140


@click.command(
    cls=Command,
    examples=(
        ("Every node with its Machine, as text", "harvdiag draw bundle.zip"),
        ("How far the upgrade is, as a file", "harvdiag draw bundle.zip --picture upgrade -o upgrade.svg"),
        ("One node and what is linked to it", "harvdiag draw bundle.zip --focus srv09"),
        ("A page to search and explore", "harvdiag draw bundle.zip -o links.html"),
        ("What changed since an earlier snapshot", "harvdiag draw bundle.zip --against before.harvdiag.zip"),
    ),
)
@source_options
@redact_options
@click.option(
    "--picture",
    type=Choice(list(PICTURES)),
    help=f"Which picture; default: {default_picture(False)}, with --against {default_picture(True)}.",
)
@click.option(
    "--focus",
    shell_complete=complete_focus,
    help="Only this object and its neighbourhood: srv09, or machine/custom-a1b2c3.",
)
@click.option(
    "--against", type=Source(), help="An earlier snapshot to compare with: what was added, removed or changed since."
)
@click.option("--labels", is_flag=True, help="Write the field beside each link.")
@click.option(
    "--theme",
    type=Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours of a file; auto: the reader's.",
)
@click.option(
    "--width",
    type=int,
    default=0,
    help="Pixels of the column in which a file is shown, such as 640; default: as wide as the picture needs.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, as its ending says: .svg, .png, .txt"
    + "".join(f"; {name} also {', '.join(p.forms)}" for name, p in PICTURES.items() if p.forms)
    + ". .mmd is Mermaid, .html a page to explore.",
)
def draw(
    where: SourceOptions,
    picture: str | None,
    focus: str | None,
    against: str | None,
    labels: bool,
    theme: str,
    width: int,
    output: Path | None,
) -> int:
    """Draw the cluster: every Node with its Machine and their links, and what is broken among them.

    Without --output the picture is printed as text. SOURCE is as for `harvdiag check`; without one it is the
    cluster of the current kubeconfig context. The exit code is 0 also where something is broken: `harvdiag check`
    judges.
    """
    from harvdiag.figures.figure import check_width
    from harvdiag.reports.paint import Paint
    from harvdiag.status.answer import fill_command

    name = picture or default_picture(against is not None)
    _check_options(name, against, labels)
    check_width(width)
    if output is not None:
        _check_file(output, name, where.source)
    elif width:
        raise UsageError("--width is the width of a file: name one with -o; text takes the width of the terminal")
    with open_snapshot(where) as snapshot:
        cluster = build_cluster(snapshot)
        _tell_settings(cluster)
        if output is not None and output.suffix.lower() == PAGE:
            from harvdiag.figures.explore import explore

            page = explore(cluster, focus, labels=labels, theme=theme)
            write_written(page.save(output), page.figure.title, f"open {output} in a browser")
            return 0
        figure = _draw_figure(cluster, name, focus, against, labels, where).themed(theme).sized(width)
        if output is None:
            text = figure.lines(terminal_width(WIDEST)).rstrip("\n")
            write_stdout(Paint(use_colour()).page(figure.title, text), end="\n")
        else:
            write_written(figure.save(output), figure.title, fill_command(cluster.source, "check"))
    return 0


def _tell_settings(cluster: Cluster) -> None:
    """Say on stderr what is ignored: the picture does not show it as wrong."""
    if cluster.policy.file:
        from harvdiag.status.policy import sum_up_policy

        with suppress(UncheckedError):
            told = sum_up_policy(cluster.check())
            if told:
                write_note(f"harvdiag: settings of {told}")


def _check_options(name: str, against: str | None, labels: bool) -> None:
    """Raise UsageError, before anything is read, for options that do not apply to the picture."""
    if labels and not PICTURES[name].labels:
        raise UsageError(f"the picture {name} has no links to label: leave out --labels")
    if PICTURES[name].against and against is None:
        raise UsageError(f"the picture {name} needs the cluster as it was before: --against SOURCE")
    if against == "":
        raise UsageError("the source of --against is empty; the cluster of the current context is 'context:'")


def _check_file(output: Path, name: str, source: str | None) -> None:
    """Raise UsageError, before anything is read, for a file of the wrong format or one that must not be replaced."""
    from harvdiag.figures.figure import ENDINGS

    forms = [form for form in (*ENDINGS, PAGE) if name in FORMS.get(form, (name,))]
    if output.suffix.lower() == PAGE and PAGE not in forms:
        able = " or ".join(FORMS[PAGE])
        choice = f"{', '.join(forms[:-1])} or {forms[-1]}"
        raise UsageError(f"{output}: only the picture {able} can be explored; save {name} as {choice}")
    check_output(output, forms, f"the picture {name}", source)


def _draw_figure(
    cluster: Cluster, name: str, focus: str | None, against: str | None, labels: bool, where: SourceOptions
) -> Figure:
    from harvdiag.figures import draw as compose

    if against is None:
        return compose(cluster, name, focus=focus, labels=labels)
    with open_snapshot(
        where._replace(source=against, contexts=(), kubeconfig=_other_kubeconfig(where, against))
    ) as before:
        return compose(cluster, name, focus=focus, against=build_cluster(before), labels=labels)


def _other_kubeconfig(where: SourceOptions, against: str) -> Path | None:
    """The kubeconfig file also applies to the other cluster; a file needs none."""
    from harvdiag.core.target import CONTEXT

    return where.kubeconfig if against.startswith(CONTEXT) else None
