"""`harvdiag version`: what is installed, for a report of a bug."""

from __future__ import annotations

import json

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import write_stdout
from harvdiag.cli.words import Choice
from harvdiag.version import __version__

__all__ = ["version_command"]

ENGINE = "yaml-rs"
LIBRARIES = {
    "click": "",
    "PyYAML": "",
    "pandas": "",
    "networkx": "",
    ENGINE: "fast: reads bundles faster",
    "kubernetes": "live: reads clusters",
    "tqdm": "live: shows progress",
    "jupyterlab": "notebook",
    "matplotlib": "notebook: writes PNG files",
    "papermill": "notebook",
}
"""The libraries that harvdiag may use, and of optional ones the extra that brings them."""
WIDE = 12


@click.command(
    "version",
    cls=Command,
    examples=(
        ("harvdiag, Python and what is installed of its libraries", "harvdiag version"),
        ("The same for a program", "harvdiag version --format json"),
    ),
)
@click.option("--format", "form", type=Choice(("table", "json")), default="table", show_default=True, help="Format.")
def version_command(form: str) -> None:
    """Show the versions of harvdiag, of Python and of the libraries, and which optional parts are installed.

    Nothing is sent anywhere, and no newer version is looked for.
    """
    document = _build_document()
    if form == "json":
        write_stdout(json.dumps(document, indent=2) + "\n")
        return
    lines = [
        f"{'harvdiag':{WIDE}} {document['harvdiag']}",
        f"{'Python':{WIDE}} {document['python']}, {document['platform']}",
        f"{'accelerator':{WIDE}} {document['accelerator'] or 'not installed'}",
    ]
    for name, extra in LIBRARIES.items():
        note = f" ({extra})" if extra else ""
        lines.append(f"{name:{WIDE}} {_find_version(name) or 'not installed'}{note}")
    write_stdout("\n".join(lines) + "\n")


def _build_document() -> dict[str, object]:
    import platform

    engine = _find_version(ENGINE)
    return {
        "schema": 1,
        "harvdiag": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "accelerator": f"{ENGINE} {engine}" if engine else None,
        "libraries": {name: _find_version(name) for name in LIBRARIES},
    }


def _find_version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
