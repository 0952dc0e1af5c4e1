"""Addons: none is just being enabled, disabled or updated."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.gates import require_release
from harvdiag.rules.health_evidence import quote_words
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.upgrade_evidence import condition_evidence

STATE = "status.status"
DEPLOYED = "AddonDeploySuccessful"
OFF = frozenset({"", "AddonDisabled"})
"""The states of a disabled addon that is at rest: "" before it was ever enabled."""


@rule(
    "preflight-addon-processing",
    short="addon not settled",
    alike="have not settled",
    needs={"Setting"},
    optional={"Addon"},
)
def preflight_addon_processing(facts: Facts) -> Iterator[Hit]:
    """An addon is not in the state that it should have.

    From 1.7 on Harvester refuses an upgrade unless every addon that is enabled has been deployed, and every other is
    disabled. One whose operation failed keeps the state in which it was, and is refused as well until it is disabled.
    """
    require_release(facts, since="v1.7.0")
    hits = list(_find_unsettled(facts))
    if not hits:
        require_everywhere(facts, "Addon")
    yield from hits


def _find_unsettled(facts: Facts) -> Iterator[Hit]:
    for obj in facts.snapshot.objects("Addon"):
        ref, enabled = ObjectRef("Addon", namespace_of(obj), name_of(obj)), _is_enabled(obj)
        state, failed = get_text(obj, STATE), find_condition(obj, "OperationFailed")
        settled = state == DEPLOYED if enabled else state in OFF
        if settled and failed.status != "True":
            continue
        yield Hit(
            subject=ref,
            severity=Severity.WARNING if settled else None,
            message=f"Addon {ref.namespace}/{ref.name} {_describe(ref, obj)}",
            evidence=(
                *field_evidence(facts, ref, "spec.enabled", STATE),
                *condition_evidence(facts, ref, "OperationFailed", "status", "message"),
            ),
            next=_steps(ref, failed=failed.status == "True"),
            causes=(Cause("addon-processing", ref),),
        )


def _is_enabled(obj: Obj) -> bool:
    return field_path("spec.enabled").get(obj) is True


def _describe(ref: ObjectRef, obj: Obj) -> str:
    what, state = "enabled" if _is_enabled(obj) else "disabled", get_text(obj, STATE)
    failed = find_condition(obj, "OperationFailed")
    why = ""
    if failed.status == "True":
        why = f"; its last operation failed{f': {quote_words(failed.message)}' if failed.message else ''}"
    if state == DEPLOYED if _is_enabled(obj) else state in OFF:
        return f"is {what}{why}; Harvester lets it pass, as its state is {format_value(state) if state else 'empty'}"
    shown = format_value(state)
    return (
        f'is {what}, but in state {shown if state else "none yet"}{why}: Harvester refuses an upgrade ("addon '
        f"{ref.namespace}/{ref.name} is {what} but still on status {shown if state else ''}, please wait for it to be "
        'ready or fix it")'
    )


def _steps(ref: ObjectRef, *, failed: bool) -> tuple[str, ...]:
    place = f"-n {actions.quote_argument(ref.namespace)}"
    look = advice.inspect_object("addons.harvesterhci.io", ref.name, ref.namespace)
    if failed:
        return (
            look,
            f"Disable it under Advanced → Add-ons → {ref.name} → ⋮ → Disable, fix what its Job says, and enable it.",
        )
    return look, f"Look for the Job that installs it, and wait for that: `kubectl get jobs,pods {place}`."
