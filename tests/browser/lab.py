"""JupyterLab on loopback and a headless Chromium in front of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")


INTO_VIEW = """
const found = [...document.querySelectorAll('.jp-OutputArea-output')].find(e => e.textContent.includes(arguments[0]));
if (found) found.scrollIntoView({block: 'center'});
return found || null;
"""
"""Bring the first output that holds a text to the middle of the view; null where none is rendered."""


class Lab:
    """A JupyterLab that runs: the folder of its notebooks, that of its settings and what it trusts, its address."""

    def __init__(self, folder: Path, settings: Path, url: str) -> None:
        self.folder, self.settings = folder, settings
        self.data = settings / "data"
        self._url, self._opened = url, 0

    def prefer(self, theme: str) -> None:
        """Let pages that are opened from now on have a theme, and none ask for news."""
        extension = self.settings / "lab" / "@jupyterlab" / "apputils-extension"
        extension.mkdir(parents=True, exist_ok=True)
        wishes = {"themes": {"theme": theme}, "notification": {"fetchNews": "false", "checkForUpdates": False}}
        for name, wish in wishes.items():
            (extension / f"{name}.jupyterlab-settings").write_text(json.dumps(wish), encoding="utf-8")

    def address(self, notebook: str) -> str:
        """Where a notebook is shown, token included: in a workspace of its own, in which no other is open."""
        self._opened += 1
        return self._url.format(f"lab/workspaces/w{self._opened}/tree/{notebook}")


@contextmanager
def lab(folder: Path, settings: Path, theme: str = "JupyterLab Light") -> Iterator[Lab]:
    """JupyterLab on the notebooks of `folder` with a theme."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"),
        *(f"--LabApp.user_settings_dir={settings / 'lab'}", f"--LabApp.workspaces_dir={settings / 'workspaces'}"),
    ]
    it = Lab(folder, settings, f"http://127.0.0.1:{port}/{{}}?token={token}")
    it.prefer(theme)
    with (settings / "server.log").open("wb") as log:
        env = {**os.environ, "JUPYTER_DATA_DIR": str(it.data)}
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=env)
    try:
        _wait(it.address("").partition("/lab/")[0] + f"/api?token={token}")
        yield it
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait(url: str, seconds: int = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - always http on loopback
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


@contextmanager
def browser(profile: Path, width: int = 1280, height: int = 1000) -> Iterator[Chrome]:
    """A headless Chromium that logs every request it makes."""
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def addresses(driver: Chrome) -> list[str]:
    """Every address that the page asked for."""
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    sent = (m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent")
    return [url for url in sent if url.startswith("http")]


def scroll_to(driver: Chrome, text: str, height: int) -> WebElement:
    """The output that holds a text, brought wholly into view; JupyterLab renders only what is near the view."""
    panel = "document.querySelector('.jp-WindowedPanel-outer')"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for top in range(0, driver.execute_script(f"return {panel}.scrollHeight") + 1, height // 2):
            driver.execute_script(f"{panel}.scrollTop = {top}")
            time.sleep(0.15)
            if (output := driver.execute_script(INTO_VIEW, text)) is None:
                continue
            time.sleep(0.3)  # JupyterLab lays the notebook out again when cells come into view
            box = output.rect
            if text in output.text and box["y"] > 90 and box["y"] + box["height"] < height - 180:
                return output
    raise AssertionError(f"no output holds {text!r}")
