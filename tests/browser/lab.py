"""JupyterLab on loopback and a headless Chromium in front of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

from tests.notebooks.run import ROOT

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
STARTED = "JupyterLab: "
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
        self.folder, self.settings, self.url = folder, settings, url
        self.data = settings / "data"
        self._opened = 0

    def prefer(self, theme: str) -> None:
        """Let pages that are opened from now on have a theme, whatever the system has."""
        extension = self.settings / "lab" / "@jupyterlab" / "apputils-extension"
        extension.mkdir(parents=True, exist_ok=True)
        wish = json.dumps({"theme": theme, "adaptive-theme": False})
        (extension / "themes.jupyterlab-settings").write_text(wish, encoding="utf-8")

    def address(self, notebook: str) -> str:
        """Where a notebook is shown, token included: in a workspace of its own, in which no other is open."""
        self._opened += 1
        return self.url.replace("lab/tree/README.md", f"lab/workspaces/w{self._opened}/tree/{notebook}")


def installed(folder: Path) -> Path:
    """The wheel, built and unpacked, which is all that an installation does: nothing of the checkout is in it."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "packages")
    return folder / "packages"


@contextmanager
def lab(place: Path, settings: Path, theme: str = "JupyterLab Light", package: Path = ROOT) -> Iterator[Lab]:
    """`harvdiag lab` in a folder, of the package in another, with a theme."""
    command = [sys.executable, "-m", "harvdiag", "lab", "--no-browser", f"--port={free_port()}"]
    own = {"JUPYTER_DATA_DIR": settings / "data", "JUPYTERLAB_SETTINGS_DIR": settings / "lab", "PYTHONPATH": package}
    env = {**os.environ, **{name: str(path) for name, path in own.items()}}
    with (settings / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, cwd=place, env=env, text=True)
    try:
        assert server.stdout
        address = next((line for line in server.stdout if line.startswith(STARTED)), "").removeprefix(STARTED).strip()
        assert address, (settings / "server.log").read_text(encoding="utf-8")
        it = Lab(place / "harvdiag-lab", settings, address)
        it.prefer(theme)
        yield it
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
        if server.stdout:
            server.stdout.close()


def free_port() -> int:
    """A port of loopback that no one listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


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
