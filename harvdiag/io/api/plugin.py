"""Exec plugins: a program that returns credentials, run as kubectl runs it (client.authentication.k8s.io)."""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import Credential, Headers, bearer_headers, parse_time, utc_now
from harvdiag.io.api.kubeconfig import Entry

__all__ = ["Plugin"]

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
VERSION = re.compile(r"v\d{1,2}((alpha|beta)\d{1,2})?")
RENEWALS = {
    "aws": "`aws eks update-kubeconfig --name CLUSTER`",
    "gcloud": "`gcloud container clusters get-credentials CLUSTER`",
    "kubelogin": "`az aks get-credentials`, then `kubelogin convert-kubeconfig`",
}
"""How to renew a kubeconfig, by a part of the plugin's name; the first is the example for all others."""
MODES = {"": None, "IfAvailable": None, "Never": False, "Always": True}
TIMEOUT = 300.0
"""Seconds that a plugin may take: the user may have to log in in a browser."""
RENEWAL_INTERVAL = 60.0
"""Seconds between two renewals because the server refused the credentials."""
FAILURE_INTERVAL = 10.0
"""Seconds after a failure in which the plugin is not run again: all requests under way need the same credentials."""
_TERMINAL = Lock()
"""Held while a plugin may ask the user: those of several clusters ask one after the other."""
MOST = 300
ARGUMENTS = re.compile(r"\s+-.*", re.DOTALL)
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Plugin(Credential):
    """The credentials of a plugin, kept until they expire. `cluster` is passed to it if it asks for that."""

    def __init__(
        self,
        entry: Entry,
        context: str,
        cluster: Mapping[str, Any] | None = None,
        patience: float = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._context = context
        self._command = entry.get_text("command").strip()
        if not self._command:
            raise entry.error("it has no command")
        way = f"exec plugin {ARGUMENTS.sub('', self._command)}"
        super().__init__(way, [], f"log in again with your {way}, then repeat")
        self._version = entry.get_text("apiVersion")
        if self._version not in VERSIONS:
            raise entry.error(_version_problem(self._version, self._command))
        if entry.get_text("interactiveMode") not in MODES:
            raise entry.error("its interactiveMode is neither Never nor IfAvailable nor Always")
        self._interactive = MODES[entry.get_text("interactiveMode")]
        self._arguments = entry.get_texts("args")
        self._more = {row.get_text("name"): row.get_text("value") for row in entry.get_entries("env")}
        self._hint = _one_line(entry.get_text("installHint"))
        self._cluster = cluster if entry.get_flag("provideClusterInfo") else None
        self._folder = entry.file.absolute().parent
        self._patience, self._clock = patience, clock
        self._expires_at: datetime | None = None
        self._failure: tuple[float, AccessError | None] = (0.0, None)
        self._refused_at: float | None = None
        self._fetched = False

    def headers(self) -> Headers:
        """Return the headers of the plugin; it runs the first time, and when the credentials have expired."""
        if not self._fetched or (self._expires_at and self._clock() >= self._expires_at):
            self._fetch_credential()
        return self._headers

    def renew(self) -> None:
        """Run the plugin after the server refused its credentials, but at most once per interval."""
        # Several requests are refused at the same time: the plugin must not ask the user once for each.
        if self._refused_at is None or time.monotonic() - self._refused_at >= RENEWAL_INTERVAL:
            self._refused_at = time.monotonic()
            self._fetch_credential()

    def _fetch_credential(self) -> None:
        failed_at, failure = self._failure
        if failure and time.monotonic() - failed_at < FAILURE_INTERVAL:
            raise AccessError(failure.unshown, failure.shown)
        try:
            self._accept_output(self._run_program())
        except AccessError as error:
            self._failure = (time.monotonic(), error)
            raise
        self._failure, self._fetched = (0.0, None), True

    def _accept_output(self, output: bytes) -> None:
        """Take the credentials from the output; no error contains any of it."""
        try:
            document = json.loads(output)
        except (ValueError, RecursionError):
            raise self._plugin_error("its output is not JSON") from None
        about = document if isinstance(document, dict) else {}
        status = about.get("status")
        if about.get("kind") != "ExecCredential" or not isinstance(status, dict):
            raise self._plugin_error("its output is not an ExecCredential with a status")
        if about.get("apiVersion") != self._version:
            raise self._plugin_error(f"its output is not of {self._version}")
        token, *pair = (status.get(key) or "" for key in ("token", "clientCertificateData", "clientKeyData"))
        # A certificate without its key, or the reverse, cannot be used.
        if not all(isinstance(text, str) for text in (token, *pair)) or any(pair) != all(pair):
            raise self._plugin_error("its certificate and key are incomplete, or a field is not a string")
        if not token and not any(pair):
            raise self._plugin_error("it returned neither a token nor a certificate")
        self._headers = bearer_headers(token) if token else []
        self.certificate = (pair[0].encode(), pair[1].encode()) if any(pair) else None
        until = parse_time(status.get("expirationTimestamp")) if status.get("expirationTimestamp") else None
        # Expired on arrival: the clocks differ, and only the server's counts.
        self._expires_at = until if until and until > self._clock() else None

    def _run_program(self) -> bytes:
        """Run the program and return its output; while it may ask the user, no other plugin may."""
        if not (interactive := self._may_ask()):
            return self._read_program(interactive)
        with _TERMINAL:
            return self._read_program(interactive)

    def _read_program(self, interactive: bool) -> bytes:
        """Run the program. Its stderr is passed on at once, as it may contain a prompt."""
        process = self._start_program(interactive)
        # Both are read at once: a program that fills one pipe while we read the other would never end.
        output, errors = _OutputReader(process.stdout), _OutputReader(process.stderr, echo=True)
        try:
            code = process.wait(self._patience)
        except subprocess.TimeoutExpired:
            code = None
        finally:  # Ctrl-C, too
            if process.returncode is None:
                process.kill()
                process.wait()
        if code is None:
            raise self._plugin_error(f"it did not finish within {self._patience:g} s", errors.last_words())
        if code:
            how = f"it exited with code {code}" if code > 0 else f"it was killed by signal {-code}"
            raise self._plugin_error(how, errors.last_words())
        return output.read_all()

    def _start_program(self, interactive: bool) -> subprocess.Popen[bytes]:
        """Start the program, with our stdin where it may ask the user."""
        try:
            # The command of the kubeconfig, without a shell.
            return subprocess.Popen(  # noqa: S603
                [self._find_program(), *self._arguments],
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **self._more, "KUBERNETES_EXEC_INFO": self._exec_info(interactive)},
                bufsize=0,  # a prompt has no line break: a buffer would hold it back
            )
        except (OSError, ValueError) as error:
            raise self._plugin_error(
                f"it cannot be run: {getattr(error, 'strerror', None) or 'invalid argument'}"
            ) from None

    def _may_ask(self) -> bool:
        if self._interactive is False:
            return False
        terminal = sys.stdin is not None and os.isatty(0)
        if self._interactive and not terminal:
            raise self._plugin_error("it needs a terminal (interactiveMode: Always), and there is none")
        return terminal

    def _find_program(self) -> str:
        """Locate the program: a path is relative to the kubeconfig's folder, a bare name is searched on the PATH."""
        path = self._folder / self._command if Path(self._command).name != self._command else None
        if program := shutil.which(path or self._command):
            return program
        if found := _locate_file(path, self._command):
            raise self._plugin_error(
                "its command is a folder" if found.is_dir() else f"it may not be run: `chmod +x {found}`"
            )
        raise self._plugin_error(f"the program was not found{f'; {self._hint}' if self._hint else ''}")

    def _exec_info(self, interactive: bool) -> str:
        spec = {"interactive": interactive} | ({"cluster": self._cluster} if self._cluster else {})
        return json.dumps({"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}, default=str)

    def _plugin_error(self, problem: str, output: str = "") -> AccessError:
        failed = f"the {self.auth_method} of {self._context} returned no credentials: {problem}"
        return AccessError(failed, f": {output}" if output else "")


def _version_problem(version: str, command: str) -> str:
    """What is wrong with an apiVersion that kubectl does not take either, and the way out."""
    group, _, name = version.rpartition("/")
    if group != GROUP or not VERSION.fullmatch(name):
        return f"its apiVersion is neither {' nor '.join(VERSIONS)}"
    way = next((way for word, way in RENEWALS.items() if word in Path(command).name), f"such as {RENEWALS['aws']}")
    dropped = ", which kubectl dropped with 1.24" if name == "v1alpha1" else ""
    return (
        f"its apiVersion is {version}{dropped}; harvdiag and kubectl take v1 and v1beta1: update the plugin, "
        f"then renew the kubeconfig ({way})"
    )


def _locate_file(path: Path | None, command: str) -> Path | None:
    """Locate a file of this name that cannot be run, at its path or on the PATH; None if there is none."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    places = [path] if path else [Path(folder) / command for folder in folders if folder]
    try:
        return next((place for place in places if place.is_file() or (path and place.is_dir())), None)
    except (OSError, ValueError):
        return None


class _OutputReader:
    """Reads what a program writes, in its own thread; `echo` passes it on to our stderr."""

    def __init__(self, stream: IO[bytes] | None, echo: bool = False) -> None:
        self._parts: list[bytes] = []
        self._thread = Thread(target=self._read_stream, args=(stream, echo), daemon=True)
        self._thread.start()

    def _read_stream(self, stream: IO[bytes], echo: bool) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with stream:
            while part := stream.read(4096):
                self._parts.append(part)
                if echo and sys.stderr is not None:
                    with suppress(OSError, ValueError):  # a stderr that is closed, or cannot write this
                        sys.stderr.write(decoder.decode(part))
                        sys.stderr.flush()

    def read_all(self) -> bytes:
        """Return all output; a child process that keeps the stream open is not waited for."""
        self._thread.join(2)
        return b"".join(self._parts)

    def last_words(self) -> str:
        """Return the end of the output, as one line."""
        return _one_line(self.read_all().decode("utf-8", "replace"))[-MOST:]


def _one_line(text: str) -> str:
    words = " ".join(CODES.sub("", text).split())
    return "".join(character for character in words if character.isprintable())
