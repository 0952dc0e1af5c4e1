"""JupyterLab on a folder, in this process: on loopback, behind a token, and without a word to anyone else.

No news, no look for updates, no list of extensions; kernels are this very Python, whatever others are installed.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harvdiag.core.errors import UsageError
from harvdiag.io.whole import write_whole
from harvdiag.share.lab.record import HIDDEN
from harvdiag.share.run.library import load_library

__all__ = ["LOOPBACK", "Wishes", "check_installed", "has_browser", "refuse_second", "serve", "take_port"]

LOOPBACK = "127.0.0.1"
USUAL, TRIES = 8888, 50
"""The port of Jupyter, and how many after it are tried."""
NEVER = "jupyterlab.handlers.announcements.NeverCheckForUpdate"
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}
"""Defaults of JupyterLab, which the user's own settings overrule: no question about news, light or dark as the system
is, and documents as pages. `news_url` alone does not keep it from asking (JupyterLab 4.6)."""
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """On which folder and port, which page first, and whether a browser is opened and the log of the server shown."""

    folder: Path
    page: str
    port: int
    browser: bool = True
    log: bool = False


def take_port(wanted: int | None) -> int:
    """Return a port of loopback that is free: the one that is wanted, else 8888 or the next. Raises UsageError."""
    for port in [wanted] if wanted else range(USUAL, USUAL + TRIES):
        with suppress(OSError), socket.socket() as tried:
            if sys.platform != "win32":  # there it would let two have the same
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((LOOPBACK, port))
            return port
    hint = "leave out --port to take a free one" if wanted else "name a free one with --port"
    raise UsageError(f"port {wanted or f'{USUAL} to {USUAL + TRIES - 1}'} is taken on this machine: {hint}")


def check_installed() -> None:
    """Raise UsageError where JupyterLab is not installed; it is not loaded, which takes a second."""
    if find_spec("jupyterlab") is None:
        load_library("jupyterlab")


def refuse_second(folder: Path) -> None:
    """Raise UsageError where a JupyterLab of this user runs on the folder already: it may have any notebook open."""
    from jupyter_server.serverapp import list_running_servers

    with suppress(OSError):
        for server in list_running_servers():
            if Path(server["root_dir"]).resolve() == folder.resolve():
                raise UsageError(
                    f"JupyterLab runs on {folder} already: {server['url']}lab?token={server['token']}; "
                    "end that one first, or name another folder with --folder"
                )


def has_browser() -> bool:
    """Whether there is a browser to open; one in a terminal, which cannot show JupyterLab, does not count."""
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in SCREENS):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def serve(wishes: Wishes, ready: Callable[[str], None]) -> None:
    """Run JupyterLab until Ctrl-C; `ready` is called with its address. Raises UsageError where it does not start."""
    load_library("jupyterlab")
    from jupyterlab.labapp import LabApp

    token = secrets.token_hex(24)
    address = f"http://{LOOPBACK}:{wishes.port}/lab/tree/{wishes.page}?token={token}"
    try:
        server = LabApp.initialize_server(argv=_arguments(wishes, token))
        server.kernel_spec_manager.kernel_dirs = []  # the native kernel alone
        signal.signal(signal.SIGINT, lambda *_: server.stop(from_signal=True))  # Jupyter would ask first
        if not wishes.log:
            _quieten(server)
        server.io_loop.add_callback(ready, address)  # after its own, which binds the port
        server.start()
    except SystemExit as end:
        raise UsageError(f"JupyterLab did not start (exit code {end.code}); --debug shows its log") from end


def _arguments(wishes: Wishes, token: str) -> list[str]:
    hidden = wishes.folder.absolute() / HIDDEN
    (hidden / "settings").mkdir(parents=True, exist_ok=True)
    write_whole(hidden / "settings" / "overrides.json", json.dumps(SETTINGS, indent=1).encode())
    level = "INFO" if wishes.log else "ERROR"
    return [
        *(f"--ServerApp.ip={LOOPBACK}", f"--ServerApp.port={wishes.port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={wishes.folder.absolute()}", f"--IdentityProvider.token={token}"),
        *("--ServerApp.allow_root=True", f"--ServerApp.open_browser={wishes.browser}"),
        *("--ServerApp.base_url=/", "--ServerApp.certfile=", "--ServerApp.keyfile="),
        *("--LabApp.news_url=None", f"--LabApp.check_for_updates_class={NEVER}"),
        *("--LabApp.extension_manager=readonly", f"--LabApp.default_url=/lab/tree/{wishes.page}"),
        *(f"--LabApp.app_settings_dir={hidden / 'settings'}", f"--LabApp.workspaces_dir={hidden / 'workspaces'}"),
        *(f"--ServerApp.log_level={level}", f"--LabApp.log_level={level}"),
        *_encrypt(),
    ]


def _encrypt() -> list[str]:
    """Let JupyterLab and its kernels speak in secret, where their libraries can: else each kernel warns."""
    from jupyter_client.manager import KernelManager
    from zmq import has

    known = KernelManager.class_traits().get("transport_encryption")
    return ["--KernelManager.transport_encryption=auto"] if known and has("curve") else []


def _quieten(server: Any) -> None:
    """Leave errors in the log: neither what is usual nor that it ends, which the command says itself."""
    for log in (server.log, logging.getLogger("LabApp")):
        log.addFilter(lambda record: record.levelno == logging.ERROR)
