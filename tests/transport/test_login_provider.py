"""Logins that kubectl got from an auth provider: shown while they are good, and never renewed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import CachedToken
from harvdiag.io.api.kubeconfig import Entry
from tests.api.fixture import Serve
from tests.transport.lab import connection, refusal
from tests.world import healthy

OBJECTS = healthy().objects
NOW = datetime(2026, 1, 1, tzinfo=UTC)

OIDC = "while its refresh-token is valid), then repeat"
GCP = "fetch a new kubeconfig (`gcloud container clusters get-credentials CLUSTER`)"
AZURE = "fetch a new kubeconfig (`az aks get-credentials`, then `kubelogin convert-kubeconfig`)"

Made = Callable[[], dict[str, Any]]


def stamp(seconds: float) -> str:
    """A time so long from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def jwt(ends: float) -> str:
    """A token that says when it runs out."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": ends}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{claims}.secret-part"


def provided(name: str, **config: Any) -> dict[str, Any]:
    """A user whom an auth provider logged in."""
    return {"auth-provider": {"name": name, "config": config}}


@pytest.mark.parametrize(
    ("name", "made"),
    [
        # Made when the test begins: it is about the last minute of a token.
        ("oidc", lambda: {"id-token": jwt(datetime.now(UTC).timestamp() + 60), "refresh-token": "r"}),
        ("oidc", lambda: {"id-token": "a.!.c"}),
        ("oidc", lambda: {"id-token": "opaque"}),
    ],
)
def test_a_token_that_is_still_good(
    serve: Serve, tmp_path: Path, name: str, made: Callable[[], dict[str, Any]]
) -> None:
    """It is shown, even in its last minutes, and nothing but GET is sent anywhere."""
    config = made()
    token = config["id-token"]
    api = serve(OBJECTS, tokens={token: "reader"}, login_required=True, tls="good")
    user = provided(name, **config, **{"idp-issuer-url": api.url, "client-id": "x", "client-secret": "y"})
    of = connection(api, tmp_path, login="none", user=user)
    assert of.login.auth_method == f"auth provider {name}"
    assert {(request.user, request.method) for request in api.requests} == {("reader", "GET")}
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("name", "config", "says"),
    [
        (
            "oidc",
            {"id-token": jwt(0)},
            ("the id-token of the auth provider oidc expired at 1970-01-01T00:00:00Z", OIDC),
        ),
        (
            "gcp",
            {"access-token": "secret-part", "expiry": stamp(600)},
            ("user lab-user, auth-provider: kubectl 1.26", GCP),
        ),
        ("oidc", {}, ("user lab-user, auth-provider: it holds no id-token", OIDC)),
        ("oidc", {"id-token": None}, ("it holds no id-token", OIDC)),
        ("gcp", {"cmd-path": "secret-part"}, ("auth-provider: kubectl 1.26 and later has no provider", GCP)),
        ("azure", {"access-token": "secret-part"}, ("auth-provider: kubectl 1.26", AZURE)),
        (
            "openstack",
            {"access-token": "secret-part"},
            ("kubectl has no provider of this name any more", "an exec plugin"),
        ),
        (
            "secret-part",
            {"id-token": "secret-part"},
            ("kubectl has no provider of this name any more", "an exec plugin"),
        ),
    ],
)
def test_a_token_that_ran_out(
    serve: Serve, tmp_path: Path, name: str, config: dict[str, Any], says: tuple[str, str]
) -> None:
    """It is not renewed: that needs more than GET, and would use up what kubectl needs. The way out is told."""
    api = serve(OBJECTS, tls="good")
    more = {"idp-issuer-url": api.url, "client-id": "x", "client-secret": "secret-part", "refresh-token": "secret-part"}
    text = refusal(None, api.kubeconfig(tmp_path / "config", login="none", user=provided(name, **config, **more)))
    assert says[0] in text
    assert text.endswith(says[1])
    assert "secret-part" not in text
    assert api.requests == []


def test_a_token_that_runs_out_meanwhile(tmp_path: Path) -> None:
    """In a notebook that stays open."""
    now = [NOW]
    provider = {"name": "oidc", "config": {"id-token": jwt(NOW.timestamp() + 9)}}
    of = CachedToken(Entry(tmp_path / "config", "user", provider), lambda: now[0])
    assert of.headers()
    now[0] += timedelta(seconds=9)
    with pytest.raises(AccessError, match="expired at 2026-01-01T00:00:09Z"):
        of.headers()
