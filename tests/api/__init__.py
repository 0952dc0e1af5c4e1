"""A Kubernetes API on loopback, for reading: real HTTP, invented objects, and faults on purpose."""

from tests.api.api import Api
from tests.api.faults import (
    bad_item,
    close,
    die,
    dribble,
    gone,
    items_null,
    not_json,
    redirect,
    reset,
    stall,
    status,
    truncated,
    without_group,
)
from tests.api.login import PASSWORD, TOKEN, USER
from tests.api.requests import Request
from tests.api.rights import Rights

__all__ = [
    "PASSWORD",
    "TOKEN",
    "USER",
    "Api",
    "Request",
    "Rights",
    "bad_item",
    "close",
    "die",
    "dribble",
    "gone",
    "items_null",
    "not_json",
    "redirect",
    "reset",
    "stall",
    "status",
    "truncated",
    "without_group",
]
