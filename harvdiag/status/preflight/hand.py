"""What is left to run by hand: the commands of the checks that could not be made, each command once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.target import join_words
from harvdiag.rules import hands
from harvdiag.rules.row import Row
from harvdiag.status.preflight.rows import Answered

__all__ = ["NOTHING", "HandCheck", "HandChecks", "HandCommand", "Hosts", "list_hand_checks"]

NOTHING = "Nothing is left to run by hand."
NODE = "NODE"
"""The word of a command for which a name is to be filled in."""
MOST = 8
"""The most names that a command lists; beyond, the command asks the cluster for them."""
SERVERS = "node-role.kubernetes.io/control-plane=true"
EXPECTED: dict[tuple[str, ...], str] = {
    hands.DISKS: "of each Node, the first number must not be above the second",
    hands.CERTIFICATES: "each time is 7 days away or more, and on the hosts no file is named",
    hands.NETWORK: "both files are there (a 99_custom.yaml of v1.0 is renamed to 90_custom.yaml); the first key, which "
    "is of v1.0, is empty, the second is not",
    hands.STATE_PARTITION: "15 or more on each; a smaller one is not upgraded to 1.8, but installed again "
    "(harvester/harvester#10687)",
    hands.VMS: "SELECTOR, DEVICES and CDROM are empty, and MIGRATABLE is True; from 1.8 on a CD-ROM is moved as well",
    hands.HOTPLUG: "REQUESTS is empty, and what is PLUGGED is among the VOLUMES of its VM",
    hands.PODS: "nothing is printed",
    hands.KUBECONFIG: "the list has local-kubeconfig",
}
"""What the commands must show, where what the check asks does not tell it."""


class Hosts(NamedTuple):
    """The names of the Nodes of a cluster: all of them, and those of the control plane."""

    nodes: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()


class HandCommand(NamedTuple):
    """One command, and where it is run: empty for anywhere with kubectl, else such as ``each host, as root``."""

    text: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class HandCheck:
    """One thing to look at by hand, and all the checks that it answers."""

    asks: str
    """What must be true, in one clause."""
    expected: str
    """What the commands must show, where `asks` does not tell it."""
    commands: tuple[HandCommand, ...]
    rows: tuple[Row, ...]
    """The checks of Harvester's that it answers."""
    reason: str
    """Why harvdiag could not tell."""
    live: bool
    """Whether harvdiag itself can tell, given the live cluster instead of this source."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Tool and id of each check that it answers: ``webhook V13``."""
        return tuple(row.key for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "asks": self.asks,
            "expected": self.expected,
            "commands": [{"command": command.text, "where": command.where} for command in self.commands],
            "checks": list(self.keys),
            "reason": self.reason,
            "live": self.live,
        }


class HandChecks(tuple[HandCheck, ...]):
    """What is left to look at by hand; its repr is a list to tick, and a notebook shows it as one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(escape_text(line) for check in self for line in _list_lines(check)) or NOTHING


def _list_lines(check: HandCheck) -> Iterator[str]:
    yield f"[ ] {check.asks} ({', '.join(check.keys)})"
    for command in check.commands:
        yield f"    {f'on {command.where}: ' if command.where else ''}{command.text}"
    if check.expected:
        yield f"    {check.expected}"


def list_hand_checks(untold: Iterable[Answered], hosts: Hosts, live: bool) -> HandChecks:
    """Return what is to be run by hand for the checks that could not be made; `live` is whether a cluster was read.

    Checks with the same commands are one, and so is one without commands with the first that shares a rule with it.
    """
    groups: dict[tuple[str, ...], list[Answered]] = {}
    others: list[Answered] = []
    for each in untold:
        (groups.setdefault(each.row.by_hand, []) if each.row.by_hand else others).append(each)
    for each in others:
        for members in groups.values():
            if any({*each.row.rules} & {*member.row.rules} for member in members):
                members.append(each)
                break
    return HandChecks(_build(commands, members, hosts, live) for commands, members in groups.items())


def _build(commands: tuple[str, ...], members: Sequence[Answered], hosts: Hosts, live: bool) -> HandCheck:
    first = members[0]
    return HandCheck(
        asks=first.row.asks,
        expected=EXPECTED.get(commands, ""),
        commands=tuple(_fill(command, commands, hosts) for command in commands),
        rows=tuple(member.row for member in members),
        reason=first.reason,
        live=bool(first.row.rules) and not live,
    )


def _fill(command: str, commands: tuple[str, ...], hosts: Hosts) -> HandCommand:
    """Fill in the names of the Nodes that a command is about; one without a name and kubectl is run on the hosts."""
    servers = commands == hands.CERTIFICATES
    if NODE in command:
        return HandCommand(_for_nodes(command, hosts.servers if servers else hosts.nodes, servers))
    where = f"each {'control-plane ' if servers else ''}host, as root"
    return HandCommand(command, "" if command.startswith("kubectl ") else where)


def _for_nodes(command: str, names: Sequence[str], servers: bool) -> str:
    if not names:
        return command
    if len(names) == 1:
        return command.replace(NODE, join_words(names))
    listed = join_words(names)
    if len(names) > MOST:
        chosen = f"-l {SERVERS} " if servers else ""
        listed = f"$(kubectl get nodes {chosen}-o name | cut -d/ -f2)"
    return f"for NODE in {listed}; do echo ${{NODE}}; {command.replace(NODE, '${NODE}')}; done"
