"""The grammar of an action, and what is said of a text that is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.errors import UsageError
from harvdiag.core.model import ObjectRef
from harvdiag.cure.action import FORMS, GRAMMAR, parse_action
from harvdiag.cure.model import Verb
from tests.cure.clusters import FLEET, HV01, cluster, without

HERE = cluster().snapshot
NODE, MACHINE = ObjectRef("Node", "", "hv01"), ObjectRef("Machine", FLEET, HV01)


@pytest.mark.parametrize(
    ("text", "verb", "ref"),
    [
        ("delete Node hv01", Verb.DELETE, NODE),
        ("DELETE no/hv01", Verb.DELETE, NODE),
        ("kubectl delete nodes hv01", Verb.DELETE, NODE),
        (f"delete machine {HV01} -n {FLEET}", Verb.DELETE, MACHINE),
        (f"delete machines.cluster.x-k8s.io {FLEET}/{HV01}", Verb.DELETE, MACHINE),
        (f"delete --namespace={FLEET} machine {HV01}", Verb.DELETE, MACHINE),
        ("delete host hv01", Verb.DELETE_HOST, NODE),
        ("delete hosts hv01", Verb.DELETE_HOST, NODE),
        ("register hv01", Verb.REGISTER, NODE),
        ("register node hv01", Verb.REGISTER, NODE),
        ("wait", Verb.WAIT, None),
    ],
)
def test_forms(text: str, verb: Verb, ref: ObjectRef | None) -> None:
    found = parse_action(text, HERE)
    assert (found.verb, found.ref, found.changes) == (verb, ref, ())


def test_marks() -> None:
    found = parse_action("label node hv01 a/b=c mine- empty= --overwrite", HERE)
    assert found.changes == (("a/b", "c"), ("mine", None), ("empty", ""))
    assert parse_action("annotate node hv01 'a=b c=d'", HERE).changes == (("a", "b c=d"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no action given"),
        ("delte Node hv01", "did you mean delete?"),
        ("delete", "needs a kind and a name"),
        ("delete Node", "needs a name"),
        ("delete Node hv01 hv02", "one object at a time"),
        ("delete Node hv09", "no Node 'hv09'"),
        ("delete Nodde hv01", "did you mean nodes?"),
        ("delete host", "takes one name"),
        ("delete host hv9", "did you mean hv01, hv02 or hv03?"),
        ("delete KubeletStats hv01", "not a kind of the API"),
        ("label Node hv01", "needs KEY=VALUE"),
        ("label Node hv01 key", "has no value"),
        ("label Node hv01 a=b;c", "cannot be the value of a label"),
        ("annotate Node hv01 =x", "cannot be the key"),
        ("delete Node hv01 --force", "no option '--force'"),
        ("delete machine a/b -n c", "two namespaces"),
        ("delete machine x -n", "needs a namespace"),
        ("wait 5m", "takes nothing"),
        ("register", "takes one name"),
        ("delete Node 'hv01", "left open"),
    ],
)
def test_errors_are_one_line_each(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_action(text, HERE)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_errors_of_form_tell_the_grammar() -> None:
    with pytest.raises(UsageError, match="register NODE"):
        parse_action("remove srv09", HERE)
    assert all(form.split()[0] in GRAMMAR for form in FORMS)


def test_what_was_not_seen_may_exist() -> None:
    assert parse_action("delete Machine custom-x", without("Machine").snapshot).ref == MACHINE._replace(name="custom-x")


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["delete", "label", "node", "hv01", "a=b", "-n", "/", "host"])).map(" ".join)
)
@settings(max_examples=25, deadline=None)
def test_any_text_is_an_action_or_an_error(text: str) -> None:
    with suppress(UsageError):
        assert parse_action(text, HERE).verb in set(Verb)
