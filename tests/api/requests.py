"""A request as the server got it, and what its path and its Accept header ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.api.answers import MEDIA, not_acceptable


@dataclass
class Request:
    """One request. The names of `headers` are in lower case; `status` is 0 until, or unless, a status was sent.

    `pairs` are the headers as they came: one that comes several times is there as often, in `headers` only once.
    `path` has no query and not the prefix of a proxied server.
    """

    method: str
    target: str
    headers: dict[str, str]
    status: int = 0
    user: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    path: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = unquote(parts.path).rstrip("/") or "/"
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    @property
    def accepts(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The alternatives of the Accept header, in order: media type and parameters."""
        for alternative in self.headers.get("accept", "*/*").split(","):
            media, *rest = (part.strip() for part in alternative.split(";"))
            yield media, dict(part.split("=", 1) for part in rest if "=" in part)

    @property
    def of_secrets(self) -> bool:
        """Whether it asks for Secrets, or for one of them."""
        parts = self.path.split("/")
        return "secrets" in (parts[3:4] + parts[5:6]) and parts[1:2] == ["api"]

    @property
    def shows_secrets(self) -> bool:
        """Whether an answer could hold a Secret's data: any but a list of which nothing but metadata is accepted."""
        if not self.of_secrets:
            return False
        listed = self.path.endswith("/secrets")
        return not listed or any(how.get("as") != "PartialObjectMetadataList" for _, how in self.accepts)

    @property
    def watches(self) -> bool:
        """Whether it would hold a watch open."""
        return self.query.get("watch", "false").lower() not in ("", "0", "false") or "/watch/" in self.path

    def __str__(self) -> str:
        return f"{self.method} {self.target} ({self.headers.get('accept', 'no Accept')}) -> {self.status}"


class Target(NamedTuple):
    """What a path names. No plural: the list of a version's resources; no version: that of a group's versions."""

    group: str
    version: str = ""
    plural: str = ""
    namespace: str = ""
    name: str = ""
    sub: str = ""

    @property
    def resource(self) -> str:
        """As kubectl names it: ``machines.cluster.x-k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def scope(self) -> str:
        """Where, in the words of a refusal."""
        return f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"


def parse(path: str) -> Target | None:
    """What a path below /api or /apis names; None for any other."""
    root, *rest = path.strip("/").split("/")
    if root not in ("api", "apis"):
        return None
    group = rest.pop(0) if root == "apis" and rest else ""
    version = rest.pop(0) if rest else ""
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name, *sub = (*rest, "", "")[: max(2, len(rest))]
    return Target(group, version, plural, namespace, name, "/".join(sub))


def form(
    request: Request, offered: tuple[str, str, str] = ("", "", ""), wrong: Mapping[str, str] | None = None
) -> bool:
    """Whether the client would rather have the form that is offered (`as`, group, version) than plain JSON.

    Refuses a client that accepts neither; `wrong` says of forms why they do not fit here.
    """
    for media, how in request.accepts:
        if media not in ("application/json", "application/*", "*/*") or how.get("stream"):
            continue
        if "as" not in how:
            return False
        if (how["as"], how.get("g"), how.get("v")) == offered:
            return True
        if reason := (wrong or {}).get(how["as"]):
            raise not_acceptable(f"you requested {how['as']}, but the requested object {reason}")
    raise not_acceptable(f"only the following media types are accepted: {MEDIA}")
