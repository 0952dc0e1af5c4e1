"""The package as it is installed: one version, typed, with its data, and a wheel that holds what it should."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag import cli

ROOT = Path(hd.__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The project's own description of itself."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_package_is_typed() -> None:
    """Checkers of those who import harvdiag see its annotations."""
    assert (ROOT / "harvdiag" / "py.typed").is_file()


def test_version_is_one() -> None:
    """As the package says, and as the installation says."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", hd.__version__)
    try:
        assert version("harvdiag") == hd.__version__
    except PackageNotFoundError:
        pytest.skip("harvdiag is not installed here")


def test_command_is_the_tool(project: dict[str, Any]) -> None:
    """`harvdiag` runs what `python -m harvdiag` runs."""
    assert project["project"]["scripts"] == {"harvdiag": "harvdiag.cli:main"}
    found = [point for point in entry_points(group="console_scripts") if point.name == "harvdiag"]
    assert all(point.load() is cli.main for point in found)


def test_licence_is_apache(project: dict[str, Any]) -> None:
    """The text is there, and the metadata name it."""
    assert project["project"]["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_constraints_hold_versions_and_no_address(project: dict[str, Any]) -> None:
    """Packages and versions only; every dependency of the project is held."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+( ; .+)?", row) for row in rows), "no index, no path, no range"
    held = {re.split(r"==", row)[0].lower().replace("_", "-") for row in rows}
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(word for extra in extras for word in extra)]
    names = {re.split(r"[\[>=<; ]", word)[0].lower().replace("_", "-") for word in wanted} - {"harvdiag"}
    assert names <= held


def test_wheel_holds_the_package_alone(tmp_path: Path) -> None:
    """Every module and the mark of types; the notebooks with what they read and link to; no tests."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed here; the wheel is not built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    result = subprocess.run(build, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("LICENSE")]
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "harvdiag").rglob("*.py")}
    beside = [path for ending in ("css", "js", "j2") for path in (ROOT / "harvdiag").rglob(f"*.{ending}")]
    page = {path.relative_to(ROOT).as_posix() for path in beside}
    places = ("notebooks", "data/bundles", "data/preflight", "data/scenarios", "docs")
    pictures = [ROOT / "data" / "pictures" / f"{name}.svg" for name in ("links", "upgrade")]
    kit = [*pictures, *(path for place in places for path in (ROOT / place).rglob("*.*"))]
    own = {f"harvdiag/kit/{path.relative_to(ROOT).as_posix()}" for path in kit if path.is_file()}
    assert {name for name in names if "/." not in name} == sources | page | own | {"harvdiag/py.typed"}
    assert licences
