"""The networks of Longhorn before an upgrade: whether they have free addresses for a second set of its Pods."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import advice
from harvdiag.rules.actions import quote_argument
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError
from harvdiag.rules.upgrade_config import read_setting

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

STORAGE, RWX = (ObjectRef("Setting", "", name) for name in ("storage-network", "rwx-network"))
OLD_RWX = ObjectRef("Setting.longhorn.io", "longhorn-system", "storage-network-for-rwx-volume-enabled")
"""Where releases before 1.8, which have no Setting rwx-network, keep whether RWX volumes share the storage network."""
SHARES = "share-storage-network"
POOLS, POOL = "kube-system", "ippools.whereabouts.cni.cncf.io"
CHANGES = {STORAGE.name: "all VMs are shut down", RWX.name: "all RWX volumes that cannot migrate are detached"}
"""What Harvester's webhook asks before it takes a change of the Setting."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network as a Setting has it: where it stands, its range and what of it must not be used."""

    place: ObjectRef
    text: str
    excluded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Need:
    """How many addresses an upgrade needs of a network, and for what; `seen` are the fields that tell it."""

    number: int
    what: str
    seen: tuple[Evidence, ...] = ()


@rule(
    "preflight-storage-network-addresses",
    needs={"Setting"},
    optional={"InstanceManager", "BackingImageManager", "IPPool", "Setting.longhorn.io"},
    links=["harvester/harvester#10231"],
)
def preflight_storage_network_addresses(facts: Facts) -> Iterator[Hit]:
    """The storage network has too few free addresses for an upgrade.

    Longhorn starts a second set of instance managers and backing image managers before it stops the first, each with an
    address of its own; the upgrade's repository needs one too, where RWX volumes share the network. Pods without an
    address never start, and the upgrade waits for them.
    """
    if facts.snapshot.get(STORAGE) is None:
        raise UnjudgedError(f"Setting {STORAGE.name} is not among the Settings, though every cluster has one")
    storage = _read_setting(facts, STORAGE)
    shares, place = _read_shares(facts)
    if storage is None and shares:
        yield _unset_hit(place)
        return
    if storage is None:
        raise NotApplicable(f"no {STORAGE.name} is set")
    managers, images = (len(facts.find(kind, Wanted(), required=True)) for kind in MANAGERS)
    if not (number := managers + images + shares):
        raise NotApplicable("Longhorn has neither instance managers nor backing image managers")
    what = f"a second set of instance managers ({managers}) and backing image managers ({images})"
    need = Need(number=number, what=f"{what}{', and the repository of the upgrade' if shares else ''}")
    yield from _judge(facts, _network_of(STORAGE, storage), need)


MANAGERS = ("InstanceManager", "BackingImageManager")


@rule(
    "preflight-rwx-network-addresses",
    needs={"Setting"},
    optional={"IPPool"},
    links=["harvester/harvester#10231"],
)
def preflight_rwx_network_addresses(facts: Facts) -> Iterator[Hit]:
    """The network for RWX volumes has no free address for the repository of an upgrade.

    The repository is served from an RWX volume, whose share needs an address. This is asked where that network is one
    of its own; where it is the storage network, preflight-storage-network-addresses asks it.
    """
    value = _read_setting(facts, RWX)
    if not value or not value.get("network"):
        raise NotApplicable("RWX volumes have no network of their own")
    if value.get(SHARES) is True:
        raise NotApplicable("RWX volumes share the storage network")
    network = value["network"] if isinstance(value["network"], dict) else {}
    yield from _judge(facts, _network_of(RWX, network), Need(number=1, what="the repository of the upgrade"))


def _read_setting(facts: Facts, ref: ObjectRef) -> Obj | None:
    """Return the value of a Setting, else its default; None where there is none. UnjudgedError for no JSON object."""
    text = read_setting(facts, ref)
    try:
        found: Any = json.loads(text) if text else None
    except (ValueError, RecursionError):
        raise UnjudgedError(f"the value of Setting {ref.name} cannot be read: it is not JSON") from None
    if not isinstance(found, dict | None):
        raise UnjudgedError(f"the value of Setting {ref.name} is not the JSON of a network")
    return found


def _read_shares(facts: Facts) -> tuple[bool, ObjectRef]:
    """Return whether RWX volumes share the storage network, and what tells it."""
    if (value := _read_setting(facts, RWX)) is not None:
        return value.get(SHARES) is True, RWX
    facts.snapshot.require(OLD_RWX.kind)
    return get_text(facts.snapshot.get(OLD_RWX), "value") == "true", OLD_RWX


def _unset_hit(place: ObjectRef) -> Hit:
    field = f'value["{SHARES}"]' if place == RWX else "value"
    return Hit(
        subject=place,
        message=f"By {place.kind} {place.name} RWX volumes share the storage network, but {STORAGE.name} is empty",
        evidence=(Evidence(place, field, True), Evidence(STORAGE, "value", None)),
        next=(f"Set {STORAGE.name}, or give RWX volumes no share of it: Advanced → Settings.",),
        caution=f"Harvester takes a change of {STORAGE.name} only when {CHANGES[STORAGE.name]}.",
    )


def _network_of(place: ObjectRef, value: Obj) -> Network:
    """The network of a value; UnjudgedError where what it leaves out is not a list of ranges."""
    excluded = [] if (told := value.get("exclude")) is None else told
    if not isinstance(excluded, list) or not all(isinstance(text, str) for text in excluded):
        raise UnjudgedError(f"what Setting {place.name} excludes cannot be read: it is not a list of ranges")
    return Network(place=place, text=get_text(value, "range"), excluded=tuple(excluded))


def _judge(facts: Facts, network: Network, need: Need) -> Iterator[Hit]:
    try:
        usable = count_usable(network)
    except ValueError as error:
        yield _bad_range_hit(network, str(error))
        return
    pool = _find_pool(facts, network.text)
    taken = _count_taken(pool) if pool else 0
    if (free := usable - taken) < need.number:
        name = name_of(pool) if pool else _pool_name(network.text)
        yield _too_few_hit(network, need, ObjectRef("IPPool", POOLS, name), (usable, taken, free))
    elif pool is None:
        yield _no_pool_hit(network, usable)


def _count_taken(pool: Obj) -> int:
    """Return how many addresses of a pool are in use; UnjudgedError where it does not tell."""
    spec = pool.get("spec")
    allocations = spec.get("allocations", {}) if isinstance(spec, dict) else None
    if not isinstance(allocations, dict):
        raise UnjudgedError(
            f"the addresses in use cannot be counted: spec.allocations of IPPool {name_of(pool)} is none"
        )
    return len(allocations)


def count_usable(network: Network) -> int:
    """Return how many addresses a network has without its first and last and the excluded ones.

    Raises ValueError for a range that is none.
    """
    whole = _parse(network.text)
    first, last = int(whole[0]) + 1, int(whole[-1]) - 1
    left_out = [_parse(text) for text in network.excluded]
    spans = [(max(int(n[0]), first), min(int(n[-1]), last)) for n in left_out if n.version == whole.version]
    count, done = max(last - first + 1, 0), first - 1
    for start, end in sorted(spans):
        count -= max(end - max(start, done + 1) + 1, 0)
        done = max(done, end)
    return count


def _parse(text: str) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    return ip_network(text.strip(), strict=False)


def _find_pool(facts: Facts, text: str) -> Obj | None:
    """Return the pool in which Whereabouts keeps the addresses of a range: named after it, else with the same range."""
    pools = facts.find("IPPool", Wanted(), required=True)
    name = _pool_name(text)
    by_name = next((pool for pool in pools if name_of(pool) == name), None)
    return by_name or next((pool for pool in pools if _is_same(get_text(pool, "spec.range"), text)), None)


def _pool_name(text: str) -> str:
    """As Whereabouts does: ``192.168.1.0/24`` becomes ``192.168.1.0-24``, ``fd00::/64`` becomes ``fd00---64``."""
    return (f"{text}0" if text.endswith(":") else text).replace(":", "-").replace("/", "-")


def _is_same(one: str, other: str) -> bool:
    try:
        return _parse(one) == _parse(other)
    except ValueError:
        return False


def _evidence(network: Network) -> tuple[Evidence, ...]:
    at = "value.network" if network.place == RWX else "value"
    excluded = (Evidence(network.place, f"{at}.exclude", list(network.excluded)),) if network.excluded else ()
    return (Evidence(network.place, f"{at}.range", network.text or None), *excluded)


def _bad_range_hit(network: Network, why: str) -> Hit:
    told = f"has a range that is none: {format_value(why)}" if network.text else "has no range"
    return Hit(
        subject=network.place,
        message=f"Setting {network.place.name} {told}, so the free addresses cannot be counted",
        evidence=_evidence(network),
        next=(f"Correct range and exclude: Advanced → Settings → {network.place.name} → ⋮ → Edit Setting.",),
    )


def _no_pool_hit(network: Network, usable: int) -> Hit:
    name, shared = _pool_name(network.text), network.place == RWX
    effect = "as nothing has used it yet; check.sh fails for it" if shared else "so Longhorn does not use the network"
    return Hit(
        subject=network.place,
        message=f"Setting {network.place.name} has range {network.text}, and no IPPool {POOLS}/{name} is there: no "
        f"Pod has ever had one of its {usable} addresses, {effect}",
        evidence=(*_evidence(network), Evidence(ObjectRef("IPPool", POOLS, name), "", None)),
        next=(
            advice.inspect_object("settings.harvesterhci.io", network.place.name, ""),
            f"See which pools there are: `kubectl get {POOL} -n {POOLS}`.",
        ),
        severity=Severity.INFO if shared else None,
    )


def _too_few_hit(network: Network, need: Need, pool: ObjectRef, counts: tuple[int, int, int]) -> Hit:
    usable, taken, free = counts
    return Hit(
        subject=network.place,
        message=f"Setting {network.place.name}: {network.text} has {max(free, 0)} free addresses, and an upgrade needs "
        f"{need.number}, for {need.what} ({usable} can be used, {taken} are taken)",
        evidence=(*_evidence(network), Evidence(pool, "spec.allocations", f"{taken} entries")),
        next=(
            f"See which Pods have its addresses: `kubectl get {POOL} -n {POOLS} {quote_argument(pool.name)} -o yaml`.",
            f"Or widen the range, or exclude less: Advanced → Settings → {network.place.name} → ⋮ → Edit Setting.",
        ),
        caution=f"Harvester takes a change only when {CHANGES[network.place.name]}.",
        targets=(pool,),
    )
