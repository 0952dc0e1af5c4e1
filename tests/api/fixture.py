"""Servers that end with the test that started them; a conftest that imports `serve` offers it to its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from harvdiag.kinds import CATALOGUE
from tests.api.api import Api
from tests.api.certs import available
from tests.api.served import Object

Serve = Callable[..., Api]
OF_HARVESTER = {kind.resource for kind in CATALOGUE.values() if kind.group.endswith("harvesterhci.io")}
"""What only a Harvester serves."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(objects, ...)` starts an `Api`."""
    with ExitStack() as ends:

        def start(objects: Iterable[Object] = (), **how: Any) -> Api:
            if how.get("tls") and not available():
                pytest.skip("openssl is not on the PATH")
            return ends.enter_context(Api(objects, **how))

        yield start
