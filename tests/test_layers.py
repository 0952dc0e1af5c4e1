"""The shape of the package: layers that look one way, small modules, short functions, public names that are told."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import harvdiag
from tests.parsed import FILES, PACKAGE, outline, text
from tests.together import together

SILENCERS = re.compile(r"#\s*(noqa|type:\s*ignore|mypy:|pragma|pyright|fmt:|ruff:)")
LINES, LENGTH, SILENCED, FIELDS = 350, 45, 10, 5
TUPLES = {
    "io/archive/directory.py: Entry": "tens of thousands are made of an archive in parts",
    "status/links/rows.py: Box": "to be converted",
    "status/links/rows.py: Link": "to be converted",
    "status/nodes/cells.py: Row": "to be converted",
}
"""Named tuples of more than five fields, and why each is no dataclass."""
SPEAKING = {
    "io/api/certificates.py": {"ssl"},  # checks files; opens no connection
    "io/api/handshake.py": {"socket", "ssl"},  # a handshake, after which nothing is sent
    "io/api/login.py": {"kubernetes", "urllib3"},
    "io/api/proxies.py": {"urllib"},  # takes a URL apart
    "io/api/transport.py": {"urllib", "urllib3"},
    "redact/text.py": {"urllib"},  # takes the escapes of a URL apart
    "reports/sarif.py": {"urllib"},  # a name as an address
    "share/lab/server.py": {"socket"},  # whether a port of loopback is free
    "share/run/kernel.py": {"asyncio"},  # waits for the kernel that it started
}
"""What each module imports that could speak to the network."""


def name(path: Path) -> str:
    """What to call a file."""
    return str(path.relative_to(PACKAGE))


each_file = together(FILES, by=lambda path: name(path).partition("/")[0], name=name)


def modules() -> list[str]:
    """Every module of the package but the one that runs it."""
    found = pkgutil.walk_packages(harvdiag.__path__, "harvdiag.")
    return ["harvdiag", *(m.name for m in found if m.name != "harvdiag.__main__")]


each_module = together(modules(), by=lambda module: module.split(".")[1] if "." in module else module, name=str)


def own(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The public functions and classes that a module defines itself."""
    for key, value in vars(module).items():
        defined = inspect.isfunction(value) or inspect.isclass(value)
        if defined and value.__module__ == module.__name__ and not key.startswith("_"):
            yield key, value


def test_layers_are_kept() -> None:
    """Data flows one way, sources and rules do not know one another, heavy imports stay where they are used."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"[1-9]\d* kept, 0 broken", result.stdout)


@each_module
def test_module_tells_its_public_names(called: str) -> None:
    """`__all__` is sorted and real; `dir` shows it alone for the package, where a person presses Tab."""
    module = importlib.import_module(called)
    assert module.__doc__
    if not list(own(module)) or (module.__name__.startswith("harvdiag.rules.") and not hasattr(module, "__all__")):
        return
    assert sorted(module.__all__, key=_sorted_as_ruff_does) == list(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)
    assert module is not harvdiag or sorted(dir(module)) == sorted(module.__all__)
    assert ("__dir__" in vars(module)) == (module is harvdiag)


def _sorted_as_ruff_does(public: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if public.isupper() else 1 if public[0].isupper() else 2), public


@each_file
def test_only_public_names_are_used_by_others(path: Path) -> None:
    """What one module takes from another is in that one's `__all__`, or is a module itself."""
    for called, taken in outline(path).taken:
        if called.partition(".")[0] == "harvdiag":
            giver = importlib.import_module(called)
            assert {n for n in taken - {"__version__"} if not _is_public(giver, n)} == set(), f"from {called}"


def _is_public(giver: ModuleType, name: str) -> bool:
    """Told by `__all__`, or a module of the package `giver`."""
    if name in getattr(giver, "__all__", ()):
        return True
    return hasattr(giver, "__path__") and importlib.util.find_spec(f"{giver.__name__}.{name}") is not None


@each_module
def test_public_functions_and_classes_have_docstrings(called: str) -> None:
    """Also the public methods of classes."""
    module = importlib.import_module(called)
    for key, value in own(module):
        assert inspect.getdoc(value), key
        for method, body in vars(value).items() if inspect.isclass(value) else ():
            wrapped = body.fget if isinstance(body, property) else getattr(body, "func", body)
            if inspect.isfunction(wrapped) and not method.startswith("_") and wrapped.__module__ == module.__name__:
                assert inspect.getdoc(wrapped) or _inherited(value, method), f"{key}.{method}"


def _inherited(of: type, method: str) -> bool:
    """Whether a base class documents the method."""
    return any(inspect.getdoc(getattr(base, method, None)) for base in of.__mro__[1:])


@each_file
def test_module_is_small(path: Path) -> None:
    """A module of one noun fits into a few screens."""
    assert len(text(path).splitlines()) <= LINES, name(path)


@each_file
def test_functions_are_short(path: Path) -> None:
    """A function does one thing; its docstring and decorators count too."""
    assert [called for called, lines in outline(path).functions if lines > LENGTH] == [], name(path)


@each_file
def test_long_records_are_dataclasses(path: Path) -> None:
    """A record of more than five fields is built and read by name: as a named tuple it could be by position, too."""
    found = {f"{name(path)}: {called}" for called, fields in outline(path).tuples if fields > FIELDS}
    assert found <= set(TUPLES)


@each_file
def test_module_says_what_it_is(path: Path) -> None:
    """A docstring in every file, and no unfinished work."""
    assert outline(path).doc
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text(path))


def test_checkers_are_seldom_silenced() -> None:
    """Each exception from lint and types is one that somebody had to think of."""
    found = [f"{name(path)}: {line}" for path in FILES for line in text(path).splitlines() if SILENCERS.search(line)]
    assert len(found) <= SILENCED, "\n".join(found)
    assert all(re.search(r"noqa: [A-Z]+\d+|ignore\[[\w,-]+\]", line) for line in found), "each names what it silences"


def test_nothing_of_the_clock_or_of_chance_decides() -> None:
    """The snapshot's time is now: no module asks the clock or rolls dice, but where a login or an entry of an ignore
    list runs out, or a note is written.
    """
    asking = {"config/load.py", "io/api/credential.py", "notes/stamp.py"}
    for path in (path for path in FILES if name(path) not in asking):
        assert not re.search(r"\b(datetime\.now|utcnow|time\.time|date\.today|random\.|uuid4)\b", text(path)), name(
            path
        )


@each_file
def test_only_the_api_speaks_to_the_network(path: Path) -> None:
    """No module for it is imported but below harvdiag/api, and there only the client that logs in and its transport."""
    of_the_network = {"socket", "http", "urllib", "urllib3", "requests", "ssl", "asyncio", "kubernetes"}
    found = {module.partition(".")[0] for module in outline(path).imports} & of_the_network
    assert found == SPEAKING.get(name(path), set())


def test_each_exception_is_that_of_a_file() -> None:
    assert {*SPEAKING, *(record.partition(":")[0] for record in TUPLES)} <= {name(path) for path in FILES}


def test_nothing_but_get_is_sent() -> None:
    """One place sends requests, and names their method; nothing of the client that sends others is used."""
    sent = {name(path): re.findall(r"\.(?:request|urlopen)\(\s*(\S+)", text(path)) for path in FILES}
    assert {key: value for key, value in sent.items() if value} == {"io/api/transport.py": ['"GET",']}
