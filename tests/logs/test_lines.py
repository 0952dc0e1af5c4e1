"""`cluster.logs` and `cluster.yaml`: what one looks up by hand, bounded and masked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from tests.routes import from_bundle, from_folder
from tests.world import healthy

WORLD = healthy()
RANCHER = "cattle-system/rancher-7f8d6c5b4-abcde/rancher.log"
LOGS = {
    RANCHER: "".join(f"2025-05-08T09:{n // 60:02}:{n % 60:02}Z line {n}\n" for n in range(500)),
    "cattle-system/rancher-7f8d6c5b4-fghij/rancher.log": "2025-05-08T09:00:00Z token: abcdefgh\nERROR x509\x1b[31m\n",
}
ZIPS = {"hv02": {"logs/rancher-system-agent.log": "May 06 10:00:00 hv02 agent[1]: provide credentials\n\nmore\n"}}


@pytest.fixture
def bundle(tmp_path: Path) -> Cluster:
    return from_bundle(tmp_path, WORLD.objects, logs=LOGS, node_zips=ZIPS)


def test_lines_of_a_pod_are_the_last_ones(bundle: Cluster) -> None:
    lines = bundle.logs("rancher-7f8d6c5b4-abcde", most=3)
    assert [(line.number, line.text[-8:]) for line in lines] == [
        (498, "line 497"),
        (499, "line 498"),
        (500, "line 499"),
    ]
    assert {line.file for line in lines} == {f"logs/{RANCHER}"}
    assert lines.more == 497
    assert repr(lines).startswith("… 497 earlier lines left out\nlogs/cattle-system/rancher-")
    assert list(bundle.logs("cattle-system/rancher-7f8d6c5b4-abcde", most=3)) == list(lines)


def test_grep_is_a_regular_expression_in_any_case(bundle: Cluster) -> None:
    assert [line.number for line in bundle.logs("rancher-7f8d6c5b4-abcde", grep=r"LINE 4[89]\d$", most=2)] == [499, 500]
    assert repr(bundle.logs("rancher-7f8d6c5b4-abcde", grep="never")) == "no line"


def test_lines_are_masked_and_shown_without_control_characters(bundle: Cluster) -> None:
    lines = bundle.logs("rancher-7f8d6c5b4-fghij")
    assert "abcdefgh" not in repr(lines)
    assert "\x1b" not in repr(lines)
    assert lines[0].time == "2025-05-08T09:00:00Z"


def test_a_key_of_several_lines_is_masked_as_a_whole(tmp_path: Path) -> None:
    """Though none of its lines shows what it is, and only until it ends."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\nMIIdef\n-----END RSA PRIVATE KEY-----\n"
    lines = from_bundle(tmp_path, WORLD.objects, logs={RANCHER: f"a\n{key}b\n"}).logs("rancher-7f8d6c5b4-abcde")
    assert [line.text for line in lines] == ["a", "***", "***", "***", "***", "b"]
    assert not list(from_bundle(tmp_path, WORLD.objects, logs={RANCHER: key}).logs("rancher-7f8d6c5b4-abcde", "MIIabc"))


def test_lines_of_a_node_have_a_table(bundle: Cluster) -> None:
    lines = bundle.logs("hv02")
    assert [line.number for line in lines] == [1, 3]
    frame = lines.frame
    assert [str(kind) for kind in frame.dtypes] == ["str", "Int64", "datetime64[ns, UTC]", "str"]
    assert frame["time"].isna().all()  # the journal has no year
    assert len(lines[:1]) == 1


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    """Then the number of a line is unknown, and said to be."""
    logs = {"cattle-system/rancher-7f8d6c5b4-abcde/rancher.log": ("x" * 99 + "\n") * 50_000}
    lines = from_bundle(tmp_path, WORLD.objects, logs=logs).logs("rancher-7f8d6c5b4-abcde", most=1)
    assert lines[0].number is None
    assert lines.frame["line"].isna().all()
    assert ":?: x" in repr(lines)


@pytest.mark.parametrize(
    ("of", "more", "said"),
    [
        ("rancher", {}, "no log of a node or pod 'rancher' in .*; did you mean rancher-7f8d6c5b4-abcde"),
        ("hv03", {}, "no log of a node or pod 'hv03'"),
        ("", {}, "no log of a node or pod ''"),
        ("../x", {}, "no log of a node or pod"),
        ("hv02", {"grep": "("}, "not a valid regular expression"),
        ("hv02", {"most": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(bundle: Cluster, of: str, more: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        bundle.logs(of, **more)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_source_without_logs_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no logs: only a support bundle has"):
        from_folder(tmp_path, WORLD.objects).logs("hv02")


def test_an_object_is_given_as_yaml() -> None:
    cluster = hd.open(Path(__file__).parents[2] / "data" / "bundles" / "healthy.zip")
    machine = cluster.machines["name"].iloc[0]
    text = cluster.yaml("Machine", machine)
    assert yaml.safe_load(text)["spec"] == (cluster.raw("Machine", machine) or {})["spec"]
    assert "managedFields" not in text
    assert text.endswith("\n")
    secret = cluster.yaml("Secret", f"{machine}-machine-plan")
    assert "plan:" not in secret


def test_text_of_an_object_is_escaped(tmp_path: Path) -> None:
    world = healthy()
    world.get("Node", "hv01")["metadata"]["annotations"]["x"] = "a\x1b[31m\u202e"
    text = from_folder(tmp_path, world.objects).yaml("nodes", "hv01")
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_an_object_that_is_not_there_is_an_error(bundle: Cluster) -> None:
    with pytest.raises(UsageError, match=r"no Node 'hv99' in .*did you mean hv0"):
        bundle.yaml("Node", "hv99")
    with pytest.raises(UsageError, match="no kind 'nods'"):
        bundle.yaml("nods", "hv01")
