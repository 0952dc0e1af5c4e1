"""The path of an upgrade: whether the version exists in the cluster, and whether it can be reached from here."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError
from harvdiag.rules.known_paths import UNKNOWN_START
from harvdiag.upgrade.paths import FROM_BUILD, SKIP, Path, find_path, minimum_of
from harvdiag.upgrade.versions import read_version

INSTALLED = ObjectRef("Setting", "", "server-version")
MINIMUM = "spec.minUpgradableVersion"
CHOOSE = "Choose another version: `kubectl get versions.harvesterhci.io -n harvester-system` lists those offered."
UNTOLD = "no version to upgrade to was told (`--target`)"


@rule("preflight-version-unknown", severity=Severity.WARNING, needs={"Version", "Setting"})
def preflight_version_unknown(facts: Facts) -> Iterator[Hit]:
    """The version to upgrade to is not among those that the cluster was told of.

    An Upgrade names a Version object. Harvester makes one of each release that its update service offers; without
    access to that service it has to be created by hand. It is refused where there is none.
    """
    if not facts.target:
        raise NotApplicable(UNTOLD)
    ref = _version_ref(facts.target)
    if facts.snapshot.get(ref) is not None:
        return
    offered = _offered(facts)
    if not offered:
        raise UnjudgedError(
            f"no Version {ref.name} is in the cluster yet, nor of any later release: Harvester's update service makes "
            "one, or you create it"
        )
    yield Hit(
        subject=ref,
        message=f'Version {ref.name} does not exist ("version {ref.name} is not found"); those of later releases that '
        f"do: {join_names(offered)}",
        evidence=(missing_evidence(*ref),),
        next=(
            "Verify which one you mean: `kubectl get versions.harvesterhci.io -n harvester-system`.",
            (
                f"Else download https://releases.rancher.com/harvester/{ref.name}/version.yaml and create it: "
                "`kubectl create -f version.yaml`."
            ),
        ),
    )


def _offered(facts: Facts) -> list[str]:
    """The Versions of later releases than the one installed: those which it can be told to upgrade to."""
    here = read_version(facts.harvester_version)
    found = {name_of(obj): read_version(name_of(obj)) for obj in facts.snapshot.objects("Version")}
    later = [(version, name) for name, version in found.items() if version and here and version > here]
    return [name for _, name in sorted(later)]


@rule("preflight-path-unsupported", needs={"Setting"}, optional={"Version"})
def preflight_path_unsupported(facts: Facts) -> Iterator[Hit]:
    """The version cannot be reached from the release installed by one upgrade.

    Each release can be reached from some earlier ones only: no minor release is left out, none goes back, and a
    candidate leads to its own release alone. Harvester's webhook does not ask for it. The Jobs that prepare the nodes
    do, when the upgrade has begun and its ISO is downloaded, and the upgrade fails.
    """
    if not facts.target:
        raise NotApplicable(UNTOLD)
    if not facts.harvester_version:
        raise UnjudgedError(UNKNOWN_START)
    path = facts.path
    if path.refusal:
        yield _refused(facts, path)
    elif len(path.steps) == 1:
        yield Hit(
            subject=INSTALLED,
            message=f"{path.reason}: an upgrade to it, which Harvester allows, changes nothing",
            evidence=field_evidence(facts, INSTALLED, "value"),
            next=(CHOOSE,),
            severity=Severity.WARNING,
        )
    elif not path.known:
        raise UnjudgedError(path.reason)
    else:
        yield from _differing(facts, path)


def _refused(facts: Facts, path: Path) -> Hit:
    way = f"; the way is {' → '.join(path.steps)}" if path.steps else ""
    return Hit(
        subject=INSTALLED,
        message=f'{path.start} cannot be upgraded to {path.target}: {path.reason} ("{path.refusal}"){way}',
        evidence=_evidence(facts, path),
        next=_steps(path),
        caution=f"The annotation {SKIP} on the Upgrade turns that check off; it is for tests of Harvester itself, and "
        "no one has tested what follows.",
    )


def _steps(path: Path) -> tuple[str, ...]:
    if path.refusal == FROM_BUILD:
        return ("Upgrade to another development build, or install the release: no way leads from one to the other.",)
    if not path.steps:
        return (CHOOSE,)
    first = path.steps[1]
    how = f": `harvdiag preflight SOURCE --target {actions.quote_argument(first)}`" if read_version(first) else ""
    return (
        f"Upgrade to {first} first{how}.",
        f"After each of the {len(path.steps) - 1} upgrades, check again before the next.",
    )


def _differing(facts: Facts, path: Path) -> Iterator[Hit]:
    """A Version whose lowest start is not that of Harvester's own table, on a way that the Version allows."""
    table = find_path(path.start, path.target)
    told = field_evidence(facts, _version_ref(path.target), MINIMUM)[0].value
    least = minimum_of(path.target)
    if not told or not least or read_version(str(told)) == read_version(least):
        return
    against = f', and refuses {path.start} ("{table.refusal}")' if table.refusal else ""
    yield Hit(
        subject=_version_ref(path.target),
        message=f"Version {path.target} says that it can be reached from {told} on; Harvester's own table of that "
        f"release has {least}{against}",
        evidence=_evidence(facts, path),
        next=("Read the release notes of that version, which tell the releases it can be reached from.",),
        severity=Severity.WARNING if table.refusal else Severity.INFO,
    )


def _evidence(facts: Facts, path: Path) -> tuple[Evidence, ...]:
    version = field_evidence(facts, _version_ref(path.target), MINIMUM)
    return (*field_evidence(facts, INSTALLED, "value"), *(each for each in version if each.value is not None))


def _version_ref(target: str) -> ObjectRef:
    """The Version object that an Upgrade to a target names."""
    return ObjectRef("Version", "harvester-system", target)
