"""The command line tool: `harvdiag check`, `snapshot`, `whoami`, … Reports on stdout, everything else on stderr.

Exit 0: nothing at or above `--fail-on`; 1: findings; 2: unusable input, access or usage, or no check could be run, in
one line; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from io import TextIOWrapper

import click

from harvdiag.cli.access import rbac, whoami
from harvdiag.cli.check import check
from harvdiag.cli.draw import draw
from harvdiag.cli.events import events
from harvdiag.cli.get import get
from harvdiag.cli.logs import logs
from harvdiag.cli.rules import rules
from harvdiag.cli.snapshot import snapshot
from harvdiag.cli.upgrade import upgrade
from harvdiag.core.errors import HarvdiagError
from harvdiag.core.escape import escape_text
from harvdiag.version import __version__

__all__ = ["cli", "main"]

EXIT_UNUSABLE, EXIT_BUG = 2, 3


def main() -> None:
    """Run the tool and exit with its code."""
    _escape_unencodable()
    gc.disable()  # one command, then the process ends: collecting garbage would gain nothing
    try:
        code = cli.main(standalone_mode=False)
    except click.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = EXIT_UNUSABLE
    except click.ClickException as error:
        code = _print_error(error.format_message(), _usage_hint(error))
    except HarvdiagError as error:
        code = _print_error(str(error))
    except BrokenPipeError:
        _discard_stdout()  # the reader closed the pipe (`| head`): not an error
        code = 0
    except OSError as error:
        code = (
            _print_error(f"stdout cannot be written: {error.strerror}") if _is_stdout_broken() else _report_bug(error)
        )
    except Exception as error:  # the last resort: a bug must not look like a finding
        code = _report_bug(error)
    sys.exit(code or 0)


def _is_stdout_broken() -> bool:
    """Whether stdout cannot be written, as on a full disk. Checked after an error, which names no stream."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        _discard_stdout()
        return True
    return False


def _discard_stdout() -> None:
    """Prevent Python's error at exit about unwritten stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escape_unencodable() -> None:
    """Escape characters that a stream cannot encode, so that the report is still printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"; see `{context.command_path} --help`" if context else ""


def _print_error(text: str, hint: str = "") -> int:
    with suppress(OSError):  # if stderr cannot be written either, only the exit code is left
        click.echo(f"harvdiag: {escape_text(' '.join(text.split())).rstrip('.')}{hint}", err=True)
    return EXIT_UNUSABLE


def _report_bug(error: Exception) -> int:
    if os.environ.get("HARVDIAG_DEBUG"):
        raise error
    click.echo(
        f"harvdiag: a bug in harvdiag {__version__}: {type(error).__name__}: {escape_text(error)}; "
        "please report it with the output of the same command under HARVDIAG_DEBUG=1",
        err=True,
    )
    return EXIT_BUG


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="harvdiag")
def cli() -> None:
    """Find out why a Harvester upgrade is stuck: nodes, machines and what links them.

    harvdiag only reads; it never changes a cluster and never reads a token.
    """


for command in (check, upgrade, draw, get, logs, events, snapshot, rules, whoami, rbac):
    cli.add_command(command)
