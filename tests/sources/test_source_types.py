"""Types of source: found by themselves, asked in a declared order, light to declare, each with a route in the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harvdiag.core.errors import SourceError
from harvdiag.kinds import CATALOGUE
from harvdiag.sources import OpenOptions, SourceType, open_source, source_type, source_types
from tests.routes import BROKEN, HEALTHY, ROUTES, SOURCE_OF

EVERY = pytest.mark.parametrize("source", source_types(), ids=lambda source: source.name)


def test_every_package_below_sources_declares_one() -> None:
    """Found by the package, not by a list; each with a name and an order of its own."""
    root = Path(sys.modules["harvdiag.sources"].__path__[0])
    assert len(source_types()) == sum((place / "__init__.py").is_file() for place in root.iterdir())
    assert len({source.name for source in source_types()}) == len(source_types())
    assert len({source.order for source in source_types()}) == len(source_types())
    assert sum(source.fallback for source in source_types()) == 1


def test_the_narrower_question_comes_first() -> None:
    """A snapshot file looks like a zip, an extracted bundle like a folder of YAML files."""
    order = [source.name for source in source_types()]
    assert order.index("snapshot") < order.index("bundle") < order.index("files")
    assert [source.order for source in source_types()] == sorted(source.order for source in source_types())


@EVERY
def test_source_has_a_route(source: SourceType) -> None:
    """The contract test sends every scenario through every source: whoever adds one adds its route."""
    routes = [route for route, name in SOURCE_OF.items() if name == source.name]
    assert routes, (
        f"the source {source.name!r} has no route: write `from_{source.name}` in tests/routes.py, which writes objects "
        "as this source has them and opens them, and add it to ROUTES and SOURCE_OF"
    )


def test_routes_are_those_of_sources_that_exist() -> None:
    """And each route says which source it goes through."""
    assert set(SOURCE_OF) == set(ROUTES)
    assert set(SOURCE_OF.values()) <= {source.name for source in source_types()}


@EVERY
def test_source_is_declared_in_full(source: SourceType) -> None:
    """A title that reads well after "saved from", and kinds that the catalogue knows."""
    assert source.title == source.title.strip()
    assert source.own_kinds <= set(CATALOGUE)


def test_declaring_a_source_imports_no_reader() -> None:
    """A check of a bundle pays for the bundle alone: neither the API client nor another reader is imported."""
    program = "import sys, harvdiag.sources as s; s.source_types(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith(("harvdiag.io.api", "harvdiag.io.archive"))}
    assert loaded == set()
    assert not [name for name in done.stdout.split() if name.startswith("harvdiag.sources.") and "reader" in name]
    assert "kubernetes" not in done.stdout.split()


def test_checking_a_bundle_imports_no_other_source() -> None:
    """The cluster's source and the HTTP client stay out of it."""
    program = f"import sys, harvdiag as hd; hd.open({str(HEALTHY)!r}).check(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "harvdiag.sources.bundle.reader" in loaded
    assert not {"harvdiag.sources.live.reader", "harvdiag.sources.files.reader", "harvdiag.io.api"} & loaded


def test_unknown_name_is_its_own_title() -> None:
    """A snapshot saved by a later harvdiag may name a source that this one does not have."""
    unknown = source_type("crystal-ball")
    assert (unknown.title, unknown.own_kinds, unknown.hint) == ("crystal-ball", frozenset(), "")
    with pytest.raises(SourceError, match="no reader for it"):
        unknown.open("x", OpenOptions())


def test_manifest_names_the_source_that_opened_it() -> None:
    """What reports call a source is found by the manifest's kind."""
    assert source_type(open_source(BROKEN).manifest.kind).title == "support bundle"
