"""`harvdiag draw`: a picture of the cluster, in the terminal or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.output import terminal_width, write_stdout
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.core.errors import UsageError
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


@click.command(short_help="Draw a picture of the cluster and what is broken in it.")
@source_options
@click.option(
    "--picture",
    type=click.Choice(list(PICTURES)),
    help=f"Which picture; default: {default_picture(False)}, with --against {default_picture(True)}.",
)
@click.option("--focus", help="Only this object and its neighbourhood: srv09, or machine/custom-a1b2c3.")
@click.option("--against", help="An earlier snapshot to compare with: what was added, removed or changed since.")
@click.option("--labels", is_flag=True, help="Write the field beside each link.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
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
    from harvdiag.cluster import Cluster
    from harvdiag.figures.figure import check_width

    name = picture or default_picture(against is not None)
    _check_options(name, against, labels)
    check_width(width)
    if output is not None:
        _check_output(output, name)
    elif width:
        raise UsageError("--width is the width of a file: name one with -o; text takes the width of the terminal")
    with open_snapshot(where) as snapshot:
        cluster = Cluster(snapshot)
        if output is not None and output.suffix.lower() == PAGE:
            from harvdiag.figures.explore import explore

            explore(cluster, focus, labels=labels, theme=theme).save(output)
            return 0
        figure = _draw_figure(cluster, name, focus, against, labels, where).themed(theme).sized(width)
        if output is None:
            write_stdout(figure.lines(terminal_width(WIDEST)).rstrip("\n"), end="\n")
        else:
            figure.save(output)
    return 0


def _check_options(name: str, against: str | None, labels: bool) -> None:
    """Raise UsageError, before anything is read, for options that do not apply to the picture."""
    if labels and not PICTURES[name].labels:
        raise UsageError(f"the picture {name} has no links to label: leave out --labels")
    if PICTURES[name].against and against is None:
        raise UsageError(f"the picture {name} needs the cluster as it was before: --against SOURCE")
    if against == "":
        raise UsageError("the source of --against is empty; the cluster of the current context is 'context:'")


def _check_output(output: Path, name: str) -> None:
    """Raise UsageError, before anything is read, for a file of the wrong format or one that must not be replaced."""
    from harvdiag.figures.figure import ENDINGS
    from harvdiag.reports import report_path

    ending = output.suffix.lower()
    if str(output) == "-":
        raise UsageError("a picture is not written to stdout: leave out -o to print it as text, or name a file")
    *most, last = forms = [form for form in (*ENDINGS, PAGE) if name in FORMS.get(form, (name,))]
    choice = f"{', '.join(most)} or {last}"
    if ending == PAGE and PAGE not in forms:
        able = " or ".join(FORMS[PAGE])
        raise UsageError(f"{output}: only the picture {able} can be explored; save {name} as {choice}")
    if ending not in forms:
        raise UsageError(f"{output}: the picture {name} ends in {choice}")
    report_path(output)


def _draw_figure(
    cluster: Cluster, name: str, focus: str | None, against: str | None, labels: bool, where: SourceOptions
) -> Figure:
    from harvdiag.cluster import Cluster
    from harvdiag.figures import draw as compose

    if against is None:
        return compose(cluster, name, focus=focus, labels=labels)
    with open_snapshot(
        where._replace(source=against, context=None, kubeconfig=_other_kubeconfig(where, against))
    ) as before:
        return compose(cluster, name, focus=focus, against=Cluster(before), labels=labels)


def _other_kubeconfig(where: SourceOptions, against: str) -> Path | None:
    """The kubeconfig file also applies to the other cluster; a file needs none."""
    from harvdiag.core.target import CONTEXT

    return where.kubeconfig if against.startswith(CONTEXT) else None
