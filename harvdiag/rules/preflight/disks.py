"""Disks: whether the images of the new release fit on each node before its kubelet removes images."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.release import Release, read_release
from harvdiag.rules.by_node import describe_untold, look_at_rest, read_by_node, settle
from harvdiag.rules.disk_room import FIXED_THRESHOLD as FIXED
from harvdiag.rules.disk_room import NEW_IMAGES, THRESHOLD, will_exceed
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts

STATS, CONFIG = "KubeletStats", "KubeletConfig"
INTERNAL_IP = 'metadata.annotations["rke2.io/internal-ip"]'
ASKED_SINCE, SHARE_SINCE = Release(1, 2, 0, 0), Release(1, 2, 2, 0)
"""The first releases whose webhook asks the kubelets, and judges by the share of the disk that will be in use."""
FREE_UNTIL, FREE = Release(1, 5, 0, 0), 30
"""Before the first, the webhook also asks for so many GiB that are free now, or for as many as the Version says."""
FREE_FIELD = 'metadata.annotations["harvesterhci.io/minFreeDiskSpaceGB"]'
GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class _Room:
    """The disk of one node, in bytes, and the percentage at which its kubelet removes images; None if unknown.

    `least` is how much must be free now; 0 where the release does not ask.
    """

    node: str
    used: int
    capacity: int
    available: int
    threshold: int | None
    least: int

    @property
    def full(self) -> bool:
        """Whether it is too full by any of the thresholds."""
        return self.exceeds(FIXED) or self.exceeds(self.threshold or FIXED) or self.short

    @property
    def short(self) -> bool:
        """Whether less is free now than the release asks for."""
        return self.available < self.least

    def exceeds(self, percent: int) -> bool:
        """Whether it is above a percentage once the images are loaded."""
        return will_exceed(self.used, self.capacity, percent)

    @property
    def percent(self) -> str:
        """How full it will be, as the webhook says it."""
        return f"{(self.used + NEW_IMAGES) / self.capacity * 100:.2f}%"

    @property
    def lacking(self) -> str:
        """How much must be freed to be at the lowest of the thresholds."""
        lower = FIXED if self.threshold is None else min(FIXED, self.threshold)
        lacking = max(self.used + NEW_IMAGES - lower * self.capacity / 100, self.least - self.available)
        return f"{lacking / GIB + 0.05:.1f} GiB"


@rule(
    "preflight-disk-space",
    short="too little room for new images",
    alike="have too little room for new images",
    needs={"Node"},
    optional={STATS, CONFIG},
    links=["harvester/harvester#4611", "harvester/harvester#7131"],
)
def preflight_disk_space(facts: Facts) -> Iterator[Hit]:
    """The images of the new release do not fit on a node.

    An upgrade loads about 13 GiB of images onto each node. Above its threshold, a kubelet removes images that no
    container uses, also those just loaded, and the upgrade waits for them. Harvester's webhook and its script always
    judge by 85 %: the webhook misreads the kubelet's configuration. An UpgradePlan judges by what the kubelet has.
    Before 1.5 the webhook also refuses a node with less than 30 GiB free.
    """
    nodes = facts.snapshot.objects("Node")
    rooms = _read_rooms(facts, nodes)
    full = [room for room in rooms if room.full]
    unmeasured = {name_of(node) for node in nodes} - {room.node for room in rooms}
    doubtful = {room.node for room in rooms if room.threshold is None and room not in full}
    hits = [*_unreachable(facts, nodes), *(_build_hit(facts, room, unmeasured | doubtful) for room in full)]
    why = (
        describe_untold(facts, STATS, unmeasured, "the disk"),
        describe_untold(facts, CONFIG, doubtful, "the threshold"),
    )
    yield from settle(_join(hits), why)


def _read_rooms(facts: Facts, nodes: Iterable[Obj]) -> list[_Room]:
    """The disks that are known, in the order of the Nodes."""
    stats, configs, least = read_by_node(facts, STATS), read_by_node(facts, CONFIG), _read_least(facts)
    rooms = (_read_room(name, stats.get(name), configs.get(name), least) for name in map(name_of, nodes))
    return [room for room in rooms if room]


def _read_least(facts: Facts) -> int:
    """How many bytes must be free on each node now, which only releases before 1.5 ask."""
    release = read_release(facts.harvester_version)
    if release is None or not ASKED_SINCE <= release < FREE_UNTIL:
        return 0
    told = get_text(facts.target_version, FREE_FIELD)
    return (int(told) if told.isdecimal() else FREE) * GIB


def _join(hits: Iterable[Hit]) -> list[Hit]:
    """One hit a node: of one that has both faults, they are told together."""
    joined: dict[ObjectRef, Hit] = {}
    for hit in hits:
        first = joined.get(hit.subject)
        joined[hit.subject] = hit if first is None else _add(first, hit)
    return list(joined.values())


def _add(first: Hit, second: Hit) -> Hit:
    return replace(
        second,
        message=f"{first.message}; and it {second.message}",
        evidence=(*first.evidence, *second.evidence),
        next=(*first.next, *second.next),
    )


def _read_room(node: str, stats: Obj | None, config: Obj | None, least: int) -> _Room | None:
    """The disk of a node; None where a figure is missing, without which the webhook ends in an error."""
    figures = [field_path(f"fs.{name}Bytes").get(stats) for name in ("used", "capacity", "available")]
    if not all(type(figure) is int and figure >= 0 for figure in figures) or not figures[1]:
        return None
    threshold = field_path(THRESHOLD).get(config)
    known = isinstance(field_path("kubeletconfig").get(config), dict)
    own = threshold if type(threshold) is int else FIXED if known and threshold is None else None
    used, capacity, available = figures
    return _Room(node=node, used=used, capacity=capacity, available=available, threshold=own, least=least)


def _build_hit(facts: Facts, room: _Room, rest: Collection[str]) -> Hit:
    return Hit(
        subject=ObjectRef("Node", "", room.node),
        message=_describe_short(room) if room.short and not room.exceeds(FIXED) else _describe(facts, room),
        evidence=_room_evidence(facts, room),
        next=(*_free_steps(room), *look_at_rest(rest, "df -h /usr/local")),
        caution="A cluster without access to a registry cannot load a removed image again: remove none of the release "
        "that runs.",
    )


def _describe_short(room: _Room) -> str:
    return (
        f"has {room.available / GIB:.1f} GiB free, and before 1.5 the webhook asks for {room.least // GIB} GiB: "
        f'"Node "{format_value(room.node)}" has insufficient free system partition space"'
    )


def _describe(facts: Facts, room: _Room) -> str:
    own, full = room.threshold, f"too little room: {room.percent} of its disk will be in use with the new images"
    if not room.exceeds(FIXED):
        return (
            f"has {full}, and its kubelet removes images above {own}%; Harvester's webhook and script pass it, as "
            f"they judge by {FIXED}%"
        )
    refusal = (
        f'"Node "{format_value(room.node)}" will reach {room.percent} storage space after loading new images. It\'s '
        f'higher than kubelet image garbage collection threshold {FIXED}%."'
    )
    release = read_release(facts.harvester_version)
    if release is not None and release < SHARE_SINCE:
        return f"has {full}: check.sh fails, and from v1.2.2 on so does the webhook"
    if own is not None and not room.exceeds(own):
        return f"is refused, as the webhook misreads that its kubelet removes images only above {own}%: {refusal}"
    own_told = f"; its kubelet removes images above {own}%" if own not in {None, FIXED} else ""
    return f"has {full}{own_told}: {refusal}"


def _room_evidence(facts: Facts, room: _Room) -> tuple[Evidence, ...]:
    stats, config = ObjectRef(STATS, "", room.node), ObjectRef(CONFIG, "", room.node)
    found = field_evidence(facts, stats, "fs.usedBytes", "fs.capacityBytes", "fs.availableBytes")
    return (*found, *(field_evidence(facts, config, THRESHOLD) if room.threshold is not None else ()))


def _free_steps(room: _Room) -> tuple[str, ...]:
    look = (
        f"On {room.node} as root, see what fills it: `df -h /usr/local`, and `du -xhd 2 /usr/local | sort -h | tail`."
    )
    free = (
        f"Free {room.lacking} there: files that do not belong to Harvester, and images of earlier releases "
        "(`crictl images`; `crictl rmi IMAGE` for each)."
    )
    if room.threshold is None or room.exceeds(room.threshold) or room.least:
        return (look, free)
    skip = (
        "Or let the upgrade begin as it is: with the annotation "
        "`harvesterhci.io/skipGarbageCollectionThresholdCheck: 'true'` on the Upgrade (v1.5.0: on its Version)."
    )
    return (look, free, skip)


def _unreachable(facts: Facts, nodes: Iterable[Obj]) -> Iterator[Hit]:
    """The Nodes whose kubelet the webhook cannot ask, for which it refuses the Upgrade."""
    release = read_release(facts.harvester_version)
    if release is not None and release < ASKED_SINCE:
        return
    for node in nodes:
        if get_text(node, INTERNAL_IP):
            continue
        ref = ObjectRef("Node", "", name_of(node))
        restart = (
            f"RKE2 sets it when it starts: on {ref.name} as root, `systemctl restart rke2-server` (on a worker "
            "`rke2-agent`)."
        )
        yield Hit(
            subject=ref,
            message="has not got the address at which the webhook asks its kubelet: "
            f'"node {format_value(ref.name)} doesn\'t have rke2.io/internal-ip annotation"',
            evidence=field_evidence(facts, ref, INTERNAL_IP, "status.addresses"),
            next=(
                restart,
                "Then verify: `kubectl get nodes -o yaml | grep rke2.io/internal-ip` has a line for each node.",
            ),
        )
