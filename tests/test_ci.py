"""Continuous integration: what it does on machines that lack something."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
BASH = shutil.which("bash") or ""
SUDO = '[ "$1" = -n ] && shift; echo "as root: $*"'


@pytest.mark.skipif(not RUN.exists(), reason="only a clone has it")
@pytest.mark.parametrize(
    ("user", "tools", "code", "says"),
    [
        (1000, {"make", "git", "python3"}, 0, ["missing: chromium chromium-driver; the browser tests will be skipped"]),
        (1000, {"make", "python3"}, 1, ["missing: git; install them, or run this as root"]),
        (1000, {"make", "git", "python3", "apt-get"}, 0, ["will be skipped"]),
        (
            1000,
            {"make", "git", "python3", "apt-get", "sudo"},
            0,
            ["as root: env DEBIAN_FRONTEND=noninteractive apt-get"],
        ),
        (0, {"make", "python3", "apt-get", "env"}, 0, ["apt-get update", "env DEBIAN_FRONTEND=noninteractive apt-get"]),
        (1000, {"make", "git", "python3", "chromium", "chromedriver"}, 0, []),
    ],
)
def test_only_what_is_essential_is_demanded(
    tmp_path: Path, user: int, tools: set[str], code: int, says: list[str]
) -> None:
    """Without root and sudo, nothing is installed; it fails only for make, git or Python."""
    stubs = {tool: f'echo "{tool} $*" >&2' for tool in tools} | {"id": f"echo {user}"}
    if "sudo" in tools:
        stubs["sudo"] = f"{{ {SUDO}; }} >&2"
    for tool, text in stubs.items():
        (tmp_path / tool).write_text(f"#!{BASH}\n{text}\n")
        (tmp_path / tool).chmod(0o755)
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")
    (tmp_path / "true").symlink_to(shutil.which("true") or "")
    done = subprocess.run([BASH, str(RUN)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert ("make test" in done.stderr) == (code == 0)
    assert [text for text in says if text not in done.stderr + done.stdout] == []
