"""Exec plugins: a program of the user's that gives a login, run as kubectl runs it (client.authentication.k8s.io)."""

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
from threading import Thread
from typing import IO, Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import Credential, Headers, bearer, moment, now
from harvdiag.io.api.kubeconfig import Entry

__all__ = ["Plugin"]

VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
MODES = {"": None, "IfAvailable": None, "Never": False, "Always": True}
PATIENCE = 300.0
"""Seconds that a plugin may take: somebody may have to log in in a browser."""
RESTED = 60.0
"""Seconds after which a login that was renewed because the server refused it may be renewed for that reason again."""
SILENT = 10.0
"""Seconds after a failure in which the plugin is not asked again: many requests are under way, all need the same."""
MOST = 300
ARGUMENTS = re.compile(r"\s+-.*", re.DOTALL)
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Plugin(Credential):
    """What a plugin gives, kept until it has run out. `cluster` is what it is told of the cluster, if it wants that."""

    def __init__(
        self,
        entry: Entry,
        context: str,
        cluster: Mapping[str, Any] | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._context = context
        self._command = entry.text("command").strip()
        if not self._command:
            raise entry.error("it names no command")
        way = f"exec plugin {ARGUMENTS.sub('', self._command)}"
        super().__init__(way, [], f"log in again with your {way}, then repeat")
        self._version = entry.text("apiVersion")
        if self._version not in VERSIONS:
            raise entry.error(f"its apiVersion is neither {' nor '.join(VERSIONS)}")
        if entry.text("interactiveMode") not in MODES:
            raise entry.error("its interactiveMode is neither Never nor IfAvailable nor Always")
        self._interactive = MODES[entry.text("interactiveMode")]
        self._arguments = entry.texts("args")
        self._more = {row.text("name"): row.text("value") for row in entry.rows("env")}
        self._hint = _one_line(entry.text("installHint"))
        self._cluster = cluster if entry.flag("provideClusterInfo") else None
        self._folder = entry.file.absolute().parent
        self._patience, self._clock = patience, clock
        self._until: datetime | None = None
        self._failure = (0.0, "")
        self._refused_at: float | None = None
        self._fetched = False

    def headers(self) -> Headers:
        """What the plugin gave; it runs at first, and once what it gave has run out."""
        if not self._fetched or (self._until and self._clock() >= self._until):
            self._fetch()
        return self._shown

    def renew(self) -> None:
        """Run it, as the server refused what it gave last; not again at once, where the server refuses that, too."""
        if self._refused_at is None or time.monotonic() - self._refused_at >= RESTED:
            self._refused_at = time.monotonic()
            self._fetch()

    def _fetch(self) -> None:
        at, told = self._failure
        if told and time.monotonic() - at < SILENT:
            raise AccessError(told)
        try:
            self._take(self._run())
        except AccessError as error:
            self._failure = (time.monotonic(), str(error))
            raise
        self._failure, self._fetched = (0.0, ""), True

    def _take(self, told: bytes) -> None:
        """What a plugin printed; not a word of it gets into an error."""
        try:
            document = json.loads(told)
        except (ValueError, RecursionError):
            raise self._error("it printed no JSON") from None
        about = document if isinstance(document, dict) else {}
        status = about.get("status")
        if about.get("kind") != "ExecCredential" or not isinstance(status, dict):
            raise self._error("it printed no ExecCredential with a status")
        if about.get("apiVersion") != self._version:
            raise self._error(f"it printed something else than {self._version}")
        token, *pair = (status.get(key) or "" for key in ("token", "clientCertificateData", "clientKeyData"))
        if not all(isinstance(text, str) for text in (token, *pair)) or any(pair) != all(pair):
            raise self._error("its certificate and key are not both there, or something is no text")
        if not token and not any(pair):
            raise self._error("it gave neither a token nor a certificate")
        self._shown = bearer(token) if token else []
        self.certificate = (pair[0].encode(), pair[1].encode()) if any(pair) else None
        until = moment(status.get("expirationTimestamp")) if status.get("expirationTimestamp") else None
        # What has run out as it comes: the clocks differ, and the server's is the one that counts.
        self._until = until if until and until > self._clock() else None

    def _run(self) -> bytes:
        """The program's output. Its words on stderr go to ours as they come, for they may ask for something."""
        interactive = self._may_ask()
        try:
            # The kubeconfig's own words, no shell.
            process = subprocess.Popen(  # noqa: S603
                [self._program(), *self._arguments],
                stdin=None if interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **self._more, "KUBERNETES_EXEC_INFO": self._info(interactive)},
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            raise self._error(f"it cannot be run: {getattr(error, 'strerror', None) or 'an odd word in it'}") from None
        told, said = _Ear(process.stdout), _Ear(process.stderr, aloud=True)
        try:
            code = process.wait(self._patience)
        except subprocess.TimeoutExpired:
            code = None
        finally:  # Ctrl-C, too
            if process.returncode is None:
                process.kill()
                process.wait()
        if code is None:
            raise self._error(f"it did not end within {self._patience:g} s", said.words())
        if code:
            how = f"it ended with exit code {code}" if code > 0 else f"it was ended by signal {-code}"
            raise self._error(how, said.words())
        return told.bytes()

    def _may_ask(self) -> bool:
        if self._interactive is False:
            return False
        terminal = sys.stdin is not None and os.isatty(0)
        if self._interactive and not terminal:
            raise self._error("it always asks something (interactiveMode), and there is no terminal to answer on")
        return terminal

    def _program(self) -> str:
        """Where it is: a path is as seen from the kubeconfig's folder, a mere name is looked for on the PATH."""
        path = self._folder / self._command if Path(self._command).name != self._command else None
        found = shutil.which(path or self._command)
        if not found:
            raise self._error(f"there is no such program to run{f'; {self._hint}' if self._hint else ''}")
        return found

    def _info(self, interactive: bool) -> str:
        spec = {"interactive": interactive} | ({"cluster": self._cluster} if self._cluster else {})
        return json.dumps({"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}, default=str)

    def _error(self, what: str, said: str = "") -> AccessError:
        return AccessError(f"the {self.way} of {self._context} gave no login: {what}{f': {said}' if said else ''}")


class _Ear:
    """Takes what a program writes, in a thread of its own; `aloud` passes it on to our stderr."""

    def __init__(self, stream: IO[bytes] | None, aloud: bool = False) -> None:
        self._parts: list[bytes] = []
        self._thread = Thread(target=self._listen, args=(stream, aloud), daemon=True)
        self._thread.start()

    def _listen(self, stream: IO[bytes], aloud: bool) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with stream:
            while part := stream.read(4096):
                self._parts.append(part)
                if aloud and sys.stderr is not None:
                    with suppress(OSError, ValueError):  # a stderr that is closed, or cannot write this
                        sys.stderr.write(decoder.decode(part))
                        sys.stderr.flush()

    def bytes(self) -> bytes:
        """All of it; a helper that the program left behind may hold the stream open, and is not waited for."""
        self._thread.join(2)
        return b"".join(self._parts)

    def words(self) -> str:
        """Its end, as one line."""
        return _one_line(self.bytes().decode("utf-8", "replace"))[-MOST:]


def _one_line(text: str) -> str:
    words = " ".join(CODES.sub("", text).split())
    return "".join(sign for sign in words if sign.isprintable())
