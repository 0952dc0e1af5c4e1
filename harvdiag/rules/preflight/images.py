"""Images before an upgrade: how many copies are kept of each, and whether the volumes made of them are large enough."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.quantity import read_quantity
from harvdiag.core.release import Release, read_release
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.many import tell_few
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.volumes import LONGHORN, is_witness

CLAIM, IMAGE, COPY = "PersistentVolumeClaim", "VirtualMachineImage", "BackingImage"
COPIES_OF = "backingimages.longhorn.io"
COPIES = 3
"""Of how many copies on the script is content."""
COPIES_ASKED, SIZES_ASKED, SIZES_NEEDED = Release(1, 4, 0, 0), Release(1, 9, 0, 0), Release(1, 10, 0, 0)
"""The first releases at which the copies are asked for, the sizes are, and to which the sizes matter."""
IMAGE_ID = 'metadata.annotations["harvesterhci.io/imageId"]'
GOLDEN = 'metadata.annotations["harvesterhci.io/goldenImage"]'
GIB = 1024**3


@rule(
    "preflight-backing-image-copies",
    needs={"Node"},
    optional={COPY},
)
def preflight_backing_image_copies(facts: Facts) -> Iterator[Hit]:
    """A backing image is kept in too few copies.

    A VM made of it does not start where no copy is left after its host was upgraded. The script fails for an image of
    which no copy is guaranteed, and warns of fewer than three. With fewer hosts than three no more are possible, which
    it does not consider.
    """
    release = read_release(facts.harvester_version)
    if release is not None and release < COPIES_ASKED:
        raise NotApplicable(f"asked from v1.4.0 on; this is {facts.harvester_version}")
    stores = sum(not is_witness(node) for node in facts.snapshot.objects("Node"))
    images = [(obj, _count_copies(obj)) for obj in facts.find(COPY, Wanted(), required=True)]
    none = [obj for obj, count in images if count < 1]
    few = [obj for obj, count in images if 1 <= count < min(COPIES, stores)]
    enough = [obj for obj, count in images if max(stores, 1) <= count < COPIES]
    for objs, severity in ((none, None), (few, Severity.WARNING), (enough, Severity.INFO)):
        hits = [_copies_hit(obj, stores, severity) for obj in objs]
        yield from tell_few(hits, [get_text(obj, IMAGE_ID) or name_of(obj) for obj in objs])


def _count_copies(obj: Obj) -> int:
    """Return how many copies are guaranteed; none where the field is absent, as Longhorn reads it."""
    number = read_quantity(field_path("spec.minNumberOfCopies").get(obj))
    return int(number) if number is not None else 0


def _copies_hit(obj: Obj, stores: int, severity: Severity | None) -> Hit:
    ref, count = ObjectRef(COPY, LONGHORN, name_of(obj)), _count_copies(obj)
    image = get_text(obj, IMAGE_ID)
    told = f"{count or 'no'} {'copy' if count == 1 else 'copies'}"
    effect = "its VMs may not start after the upgrade" if count < 1 else f"{COPIES} are recommended"
    if severity is Severity.INFO:
        effect = f"check.sh warns of fewer than {COPIES}, but no more are possible on {stores} hosts"
    name = actions.quote_argument(ref.name)
    patch = {"spec": {"minNumberOfCopies": min(COPIES, max(stores, 1))}}
    return Hit(
        subject=ref,
        message=f"BackingImage {ref.name}{f' of image {image}' if image else ''} guarantees {told}: {effect}",
        evidence=(Evidence(ref, "spec.minNumberOfCopies", field_path("spec.minNumberOfCopies").get(obj)),),
        next=()
        if severity is Severity.INFO
        else (
            f"Have more kept: `{actions.merge_patch(COPIES_OF, ref.name, patch, LONGHORN)}`.",
            f"Count the copies: `kubectl get {COPIES_OF} -n {LONGHORN} {name} -o yaml`, status.diskFileStatusMap.",
        ),
        severity=severity,
    )


@rule(
    "preflight-image-volume-size",
    needs={"Setting"},
    optional={CLAIM, IMAGE},
    links=["harvester/harvester#11315"],
)
def preflight_image_volume_size(facts: Facts) -> Iterator[Hit]:
    """A volume made of an image is smaller than the image.

    From 1.10 on a volume must hold its image whole, rounded up to full GiB; one that is smaller, which earlier releases
    allowed, cannot be used after the upgrade.
    """
    _require_path(facts)
    images = {(namespace_of(obj), name_of(obj)): obj for obj in facts.snapshot.objects(IMAGE)}
    made = [
        (obj, image)
        for obj in facts.snapshot.objects(CLAIM)
        if (place := _image_of(obj)) and (image := images.get(place))
    ]
    small = [(obj, image) for obj, image in made if _is_small(obj, image)]
    if not small:
        require_everywhere(facts, CLAIM)
        require_everywhere(facts, IMAGE)
    hits = [_size_hit(obj, image) for obj, image in small]
    yield from tell_few(hits, [f"{hit.subject.namespace}/{hit.subject.name}" for hit in hits])


def _require_path(facts: Facts) -> None:
    """Raise NotApplicable where the upgrade does not go from 1.9 or later to 1.10, as far as that is known."""
    release, target = read_release(facts.harvester_version), read_release(facts.target)
    if release is not None and release < SIZES_ASKED:
        raise NotApplicable(f"asked from v1.9.0 on; this is {facts.harvester_version}")
    if target is not None and target < SIZES_NEEDED:
        raise NotApplicable(f"asked for upgrades to v1.10.0 and later; this goes to {facts.target}")


def _image_of(claim: Obj) -> tuple[str, str] | None:
    """Return namespace and name of the image that a claim was made of; a golden image has the name of its own."""
    if get_text(claim, GOLDEN) == "true":
        return namespace_of(claim), name_of(claim)
    namespace, mark, name = get_text(claim, IMAGE_ID).partition("/")
    return (namespace, name) if mark else None


def _size_of(image: Obj) -> int:
    """Return the least size in GiB of a volume of an image; 0 where its size is unknown."""
    sizes = (read_quantity(field_path(f"status.{key}").get(image)) for key in ("virtualSize", "size"))
    largest = max((int(size) for size in sizes if size is not None), default=0)
    return -(-largest // GIB)


def _is_small(claim: Obj, image: Obj) -> bool:
    size = read_quantity(field_path("spec.resources.requests.storage").get(claim))
    return size is not None and size < _size_of(image) * GIB


def _size_hit(claim: Obj, image: Obj) -> Hit:
    ref, source = (ObjectRef(kind, namespace_of(o), name_of(o)) for kind, o in ((CLAIM, claim), (IMAGE, image)))
    size, least = get_text(claim, "spec.resources.requests.storage"), f"{_size_of(image)}Gi"
    golden, wanted = get_text(claim, GOLDEN) == "true", {"requests": {"storage": least}}
    enlarge = actions.merge_patch("persistentvolumeclaims", ref.name, {"spec": {"resources": wanted}}, ref.namespace)
    return Hit(
        subject=ref,
        message=f"{ref.namespace}/{ref.name}: {size} is smaller than the required minimum of {least} (source image "
        f"{source.namespace}/{source.name})",
        evidence=(
            Evidence(ref, "spec.resources.requests.storage", size),
            *(Evidence(source, f"status.{k}", field_path(f"status.{k}").get(image)) for k in ("virtualSize", "size")),
        ),
        next=(
            *(() if golden else (f"Shut down its VM, and enlarge it: Volumes → {ref.name} → ⋮ → Edit Config.",)),
            f"{'Enlarge it' if golden else 'Or'} with kubectl: `{enlarge}`.",
        ),
        caution="A volume can never be made smaller again.",
        targets=(source,),
    )
