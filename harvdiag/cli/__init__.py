"""The command line tool: `harvdiag check`, `snapshot`, `whoami`, … Reports on stdout, everything else on stderr.

Exit 0: nothing at or above `--fail-on`; 1: findings; 2: unusable input, access or usage, or no check could be run, in
one line; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import redirect_stderr, suppress
from io import TextIOWrapper
from pathlib import Path
from time import perf_counter

import click

from harvdiag.cli.command import ACCESS, ANSWERS, DATA, PICTURES, REFERENCE, Place, Tool
from harvdiag.cli.output import Settings, print_error
from harvdiag.core.errors import AccessError, ConfigError, HarvdiagError
from harvdiag.core.escape import escape_text
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.version import __version__

__all__ = ["cli", "main"]

EXIT_UNUSABLE, EXIT_BUG = 2, 3
COMMANDS = {
    "upgrade": Place("harvdiag.cli.upgrade", "upgrade", ANSWERS, "Why the upgrade is stuck, and what to do."),
    "check": Place("harvdiag.cli.check", "check", ANSWERS, "What is wrong, and what to do next."),
    "preflight": Place("harvdiag.cli.preflight", "preflight", ANSWERS, "May an upgrade begin; if not, why not."),
    "what-if": Place("harvdiag.cli.what_if", "what_if", ANSWERS, "What an action would do; nothing is changed."),
    "cure": Place("harvdiag.cli.cure", "cure", ANSWERS, "What to do about a finding, step by step."),
    "note": Place("harvdiag.cli.note", "note", ANSWERS, "Write down what is known about a finding."),
    "compare": Place("harvdiag.cli.compare", "compare", ANSWERS, "What changed since an earlier reading."),
    "report": Place("harvdiag.cli.report", "report", ANSWERS, "Write a report to attach to a ticket."),
    "draw": Place("harvdiag.cli.draw", "draw", PICTURES, "Draw the cluster, and what is broken in it."),
    "run": Place("harvdiag.cli.run", "run", PICTURES, "Execute a notebook, and write a page of it."),
    "lab": Place("harvdiag.cli.lab", "lab", PICTURES, "Open a copy of the notebooks in JupyterLab."),
    "get": Place("harvdiag.cli.get", "get", DATA, "List objects, as kubectl get does."),
    "logs": Place("harvdiag.cli.logs", "logs", DATA, "Show the logs of a node or a pod."),
    "events": Place("harvdiag.cli.events", "events", DATA, "List events, as kubectl events does."),
    "snapshot": Place("harvdiag.cli.snapshot", "snapshot", DATA, "Save what a cluster shows to one small file."),
    "redact": Place("harvdiag.cli.redact", "redact", DATA, "Save it with pseudonyms, safe to hand on."),
    "whoami": Place("harvdiag.cli.access", "whoami", ACCESS, "Which cluster, as whom, what may be listed."),
    "rbac": Place("harvdiag.cli.access", "rbac", ACCESS, "Print the rights that harvdiag needs."),
    "rules": Place("harvdiag.cli.rules", "rules", REFERENCE, "List the checks, or explain one."),
    "explain": Place("harvdiag.cli.explain", "explain", REFERENCE, "Say what a term in the reports means."),
    "scenario": Place("harvdiag.cli.scenario", "scenario", REFERENCE, "Clusters to learn on, as bundles."),
    "version": Place("harvdiag.cli.version", "version_command", REFERENCE, "Show the versions, for a report of a bug."),
}
"""Every command, in the order of the help."""
COMPLETION = "_HARVDIAG_COMPLETE"
"""Set by the shell that asks for words to complete, or for the script that does so."""


def main() -> None:
    """Run the tool and exit with its code."""
    _escape_unencodable()
    gc.disable()  # one command, then the process ends: collecting garbage would gain nothing
    if os.environ.get(COMPLETION, "").endswith("_complete"):
        _complete_words()
    settings, began = Settings(), perf_counter()
    code = _run_command(settings)
    if settings.debug:
        _print_timings(settings, perf_counter() - began)
    sys.exit(code)


def _run_command(settings: Settings) -> int:
    """Run the command of this process; return its exit code."""
    try:
        code = cli.main(standalone_mode=False, complete_var=COMPLETION, obj=settings)
    except click.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = EXIT_UNUSABLE
    except click.ClickException as error:
        code = _print_error(_describe_error(error), _usage_hint(error))
    except HarvdiagError as error:
        _print_traceback(error, settings)
        lines = error.lines if isinstance(error, ConfigError) else ()
        for line in lines[:-1]:
            print_error(line)
        said = error.unshown if isinstance(error, AccessError) else str(error)
        code = _print_error(lines[-1] if lines else said)
    except BrokenPipeError:
        _discard_stdout()  # the reader closed the pipe (`| head`): not an error
        code = 0
    except OSError as error:
        full = f"stdout cannot be written: {error.strerror}"
        code = _print_error(full) if _is_stdout_broken() else _report_bug(error, settings)
    except Exception as error:  # the last resort: a bug must not look like a finding
        code = _report_bug(error, settings)
    return code or 0


def _complete_words() -> None:
    """Answer the shell. Whatever goes wrong, such as a source that cannot be read, there is just no word to offer."""
    with suppress(Exception), Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        cli.main(standalone_mode=False, complete_var=COMPLETION)
    sys.exit(0)


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


def _describe_error(error: click.ClickException) -> str:
    """Say what was wrong; for an option that there is not, which one may have been meant."""
    if isinstance(error, click.NoSuchOption) and error.ctx:
        known = [
            name for param in error.ctx.command.get_params(error.ctx) for name in (*param.opts, *param.secondary_opts)
        ]
        near = suggest_names(error.option_name, [name for name in known if name.startswith("--")])
        return f"no such option {error.option_name}{did_you_mean(near)}"
    return error.format_message()


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path} --help`" if context else ""


def _print_error(text: str, hint: str = "") -> int:
    print_error(text, hint)
    return EXIT_UNUSABLE


def _report_bug(error: Exception, settings: Settings) -> int:
    _print_traceback(error, settings)
    again = "" if settings.debug else " of the same command with --debug"
    click.echo(
        f"harvdiag: a bug in harvdiag {__version__}: {type(error).__name__}: {escape_text(error)}; "
        f"please report it with the output{again}",
        err=True,
    )
    return EXIT_BUG


def _print_traceback(error: Exception, settings: Settings) -> None:
    """Print where an error comes from, with --debug."""
    if settings.debug:
        import traceback

        for line in "".join(traceback.format_exception(error)).splitlines():
            click.echo(escape_text(line), err=True)
        words: tuple[str, ...] = getattr(error, "words", ())  # what a last look found, for the user alone
        for word in words:
            click.echo(f"harvdiag: left: {escape_text(word)}", err=True)


def _print_timings(settings: Settings, total: float) -> None:
    """What took how long, after the command."""
    for what, seconds in (*settings.timings, ("in all, without the start of Python", total)):
        click.echo(f"harvdiag: {seconds:7.3f} s  {what}", err=True)


@click.group(
    cls=Tool,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        ("A stuck upgrade: why, and what to do", "harvdiag upgrade supportbundle.zip"),
        ("Before an upgrade: may it begin?", "harvdiag preflight supportbundle.zip --target v1.5.0"),
        ("Everything that is wrong, with evidence and steps", "harvdiag check supportbundle.zip"),
        ("The cluster of the current kubeconfig context", "harvdiag check"),
        ("Options and examples of a command", "harvdiag check --help"),
    ),
)
@click.version_option(__version__, "-V", "--version", prog_name="harvdiag")
def cli() -> None:
    """Find out why a Harvester upgrade is stuck: nodes, machines and what links them.

    harvdiag only reads; it never changes a cluster and never reads a token.
    """
