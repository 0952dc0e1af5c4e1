"""The faults behind a stalled upgrade: the root cause first, then what follows from it, then the next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import format_value
from harvdiag.core.model import Evidence, Finding
from harvdiag.core.suggest import join_names
from harvdiag.status.answer import name_command
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.summary import fault_evidence, format_evidence
from harvdiag.status.upgrade.part import Part, PartKey, notes_parts, run_part, steps_part

__all__ = ["explain_faults", "explain_others"]

LONG, BRIEF, FEW = 600, 40, 3


def explain_faults(diagnosis: Diagnosis) -> Iterator[Part]:
    """Explain the story: its root cause, the upgrade's own finding, the broken link, then the next step."""
    if not diagnosis.story:
        return
    last = _last_consequence(diagnosis.story)
    root = diagnosis.root_cause(last)
    roots = [f for f in diagnosis.story if not f.caused_by and f.rule == root.rule]
    if last is not root and last.rule != root.rule:  # of one rule, the reason below names them all
        yield _root_part(root, roots)
    alike = tuple(f for f in diagnosis.story if f.rule == last.rule and f is not last)
    yield Part(_reason_key(diagnosis, last), _explain_reason(last, alike), findings=(last, *alike))
    if link := fault_evidence(root):
        yield Part(PartKey.BROKEN_LINK, _describe_link(link))
    if steps := steps_part(root, diagnosis.findings.notes):
        yield steps
    if caution := root.caution or last.caution:
        yield Part(PartKey.CAUTION, caution)
    yield run_part(name_command("check"))
    yield from notes_parts(diagnosis.findings.notes, root, last)
    others = [f for f in diagnosis.story if not f.caused_by and f is not root and f not in roots]
    yield from _summarize_others(others, PartKey.ALSO)


def _describe_link(link: Evidence) -> str:
    """The object and the field with its value; of a map or a list only so much that it is recognised."""
    subject = f"{link.object} {link.path}".rstrip()
    structured = isinstance(link.value, dict | list)
    return f"{subject}: {format_value(link.value, BRIEF) if structured else format_evidence(link)}"


def _reason_key(diagnosis: Diagnosis, last: Finding) -> PartKey:
    """What the findings are: why an upgrade is held up or failed; where none is, what would stop one, else leftovers.

    Harvester or Rancher stops for them whether an upgrade runs or not, so that the next one would not get far.
    """
    current = diagnosis.current
    if diagnosis.upgrade_run or (current and current.failed and diagnosis.is_stuck):
        return PartKey.WHY
    return PartKey.IN_THE_WAY if last.holds or diagnosis.is_stuck else PartKey.LEFT_OVER


def _root_part(root: Finding, roots: Sequence[Finding]) -> Part:
    rest = f"; and {len(roots) - FEW} more alike" if len(roots) > FEW else ""
    first = _list_roots(root, roots)
    text = "; ".join(format_value(f.message, LONG) for f in first) + rest
    return Part(PartKey.ROOT_CAUSE, text, findings=tuple(first))


def explain_others(diagnosis: Diagnosis) -> Iterator[Part]:
    """Explain the findings that are not part of the story."""
    yield from _summarize_others(diagnosis.other_findings, PartKey.ALSO_FOUND)


def _summarize_others(others: Sequence[Finding], key: PartKey) -> Iterator[Part]:
    if others:
        rest = f", and {len(others) - 1} more" if len(others) > 1 else ""
        yield Part(key, f"{others[0].message}{rest} (`{name_command('check')}` shows all)")


def _last_consequence(story: Sequence[Finding]) -> Finding:
    """The last consequence of the story, a warning only where no error is one; of several of its rule the first."""
    consequences = [f for f in reversed(story) if f.caused_by]
    last = min(consequences, key=lambda f: f.severity.rank, default=story[0])
    return next(f for f in story if f.rule == last.rule)


def _explain_reason(last: Finding, alike: Sequence[Finding]) -> str:
    others = join_names([finding.subject.name for finding in alike])
    return format_value(last.message, LONG) + (f" (the same applies to {others})" if alike else "")


def _list_roots(root: Finding, roots: Sequence[Finding]) -> list[Finding]:
    return [root, *(f for f in roots if f is not root)][:FEW]
