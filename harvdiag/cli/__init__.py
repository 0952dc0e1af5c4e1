"""The terminal tool: `harvdiag check`, `snapshot`, `whoami`, … Reports on stdout, everything else on stderr.

Exit 0: nothing at or above `--fail-on`; 1: findings; 2: unusable input, access or usage, or no check could be made, in
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
from harvdiag.cli.rules import rules
from harvdiag.cli.snapshot import snapshot
from harvdiag.cli.upgrade import upgrade
from harvdiag.core.errors import HarvdiagError
from harvdiag.core.escape import plain
from harvdiag.version import __version__

__all__ = ["cli", "main"]

EXIT_UNUSABLE, EXIT_BUG = 2, 3


def main() -> None:
    """Run the tool and exit with its code."""
    _tolerate()
    gc.disable()  # one answer, then the process ends: nothing that the collector could free would be used again
    try:
        code = cli.main(standalone_mode=False)
    except click.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = EXIT_UNUSABLE
    except click.ClickException as error:
        code = _complain(error.format_message(), _usage(error))
    except HarvdiagError as error:
        code = _complain(str(error))
    except BrokenPipeError:
        _drop()  # the reader went away (`| head`): nothing is wrong
        code = 0
    except OSError as error:
        code = _complain(f"stdout cannot be written: {error.strerror}") if _stuck() else _bug(error)
    except Exception as error:  # the last resort: a bug must not look like a finding
        code = _bug(error)
    sys.exit(code or 0)


def _stuck() -> bool:
    """Whether stdout takes no more, as on a full disk. Asked once something failed: an error names no stream."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        _drop()
        return True
    return False


def _drop() -> None:
    """Keep Python from complaining at exit about what stdout could not write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tolerate() -> None:
    """Let a stream that cannot hold a sign show its number: the report is more than its marks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"; see `{context.command_path} --help`" if context else ""


def _complain(text: str, hint: str = "") -> int:
    with suppress(OSError):  # where stderr takes nothing either, the code alone must tell
        click.echo(f"harvdiag: {plain(' '.join(text.split())).rstrip('.')}{hint}", err=True)
    return EXIT_UNUSABLE


def _bug(error: Exception) -> int:
    if os.environ.get("HARVDIAG_DEBUG"):
        raise error
    click.echo(
        f"harvdiag: a bug in harvdiag {__version__}: {type(error).__name__}: {plain(error)}; "
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


for command in (check, upgrade, draw, snapshot, rules, whoami, rbac):
    cli.add_command(command)
