"""What Events and logs show of an upgrade; they are repeated while nothing changes, so none is a step of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import qualified_name
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade import logs
from harvdiag.upgrade.jobs import every_job
from harvdiag.upgrade.logs import Quote
from harvdiag.upgrade.logs.pods import core_objects
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline.note import Note, ref_of, shorten_text

__all__ = ["find_event_notes"]

EVENT_TIMES = (
    "lastTimestamp",
    "series.lastObservedTime",
    "eventTime",
    "firstTimestamp",
    "metadata.creationTimestamp",
)
SYNCED = re.compile(r"error syncing '(?:([^'/]*)/)?([^'/]*)'")
"""The object that a controller could not handle, in its log."""


def find_event_notes(run: UpgradeRun, snapshot: Snapshot) -> Iterator[Note]:
    """Find all of it; each log is read once."""
    about = _find_subjects(run, snapshot)
    yield from _event_notes(about, snapshot)
    for job in run.jobs:
        if quote := logs.find_job_wait(snapshot, job):
            yield _quote_note(quote, job.node, job.ref)
    for quote in logs.find_refusals(snapshot, run.upgrade):
        yield _quote_note(quote, *_failed_object(quote, about, run.upgrade.ref))
    for node in run.nodes:
        story = logs.read_agent_story(snapshot, node.name)
        if story and story.error and not story.recovered:
            yield _quote_note(story.error, node.name, node.ref)


def _event_notes(about: dict[ObjectRef, str], snapshot: Snapshot) -> Iterator[Note]:
    jobs = {f"{ref.name}-": node for ref, node in about.items() if ref.kind == "Job"}
    for event in core_objects(snapshot, "events"):
        subject = _event_subject(event)
        if subject.kind == "Pod":
            # The longest fits: the Jobs of nodes hv1 and hv1-b both begin the name of a pod of the latter.
            node = jobs.get(max((start for start in jobs if subject.name.startswith(start)), key=len, default=""))
        else:
            node = about.get(subject)
        if node is None:
            continue
        path = next((path for path in EVENT_TIMES if get_text(event, path)), EVENT_TIMES[0])
        what = f"{get_text(event, 'type') or 'Event'} {get_text(event, 'reason')} of {subject.kind} {subject.name}: "
        ref = ObjectRef("Event", namespace_of(event), name_of(event))
        yield Note(
            time=get_text(event, path),
            what=what + shorten_text(get_text(event, "message")),
            node=node,
            object=ref,
            field=path,
            moves=False,
        )


def _event_subject(event: Obj) -> ObjectRef:
    """The object that an Event is about, with its kind as in the catalogue."""
    bare, where, name = (get_text(event, f"involvedObject.{key}") for key in ("kind", "namespace", "name"))
    kind = qualified_name(get_text(event, "involvedObject.apiVersion").rpartition("/")[0], bare)
    # A Node has no namespace, yet its Events may name one.
    return ObjectRef(kind, "" if kind == "Node" else where, name)


def _find_subjects(run: UpgradeRun, snapshot: Snapshot) -> dict[ObjectRef, str]:
    """The upgrade's objects, as an Event references them, and the node that each belongs to."""
    upgrade = run.upgrade.ref
    found = {upgrade: "", ObjectRef("UpgradeLog", upgrade.namespace, f"{upgrade.name}-upgradelog"): ""}
    found |= {ref_of("Plan", o): "" for o in snapshot.objects("Plan") if name_of(o).startswith(f"{upgrade.name}-")}
    found |= {job.ref: job.node for job in every_job(snapshot.objects("Job"), upgrade.name)}
    for node in run.nodes:
        own_objects: Iterable[ObjectRef] = (node.ref, *node.machines, *(secret for secret, _ in node.secrets))
        found |= dict.fromkeys(own_objects, node.name)
    return found


def _failed_object(quote: Quote, about: dict[ObjectRef, str], upgrade: ObjectRef) -> tuple[str, ObjectRef]:
    """The node and the object that a controller could not handle, by its line; else the upgrade."""
    if found := SYNCED.search(quote.line):
        for kind in ("Job", "Secret", "Node"):
            ref = ObjectRef(kind, found[1] or "", found[2])
            if ref in about:
                return about[ref], ref
    return "", upgrade


def _quote_note(quote: Quote, node: str, ref: ObjectRef) -> Note:
    return Note(
        time=quote.time, what=f"{quote.meaning}: {quote.line}", node=node, object=ref, field=quote.file, moves=False
    )
