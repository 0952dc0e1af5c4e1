"""The framing of kubectl's output: however the same values stand in a text, a file, an archive, they are the same."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvdiag.io.yaml import TextError
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.framing import frame_text
from harvdiag.sources.files.reader import FilesReader
from tests.sample import is_full
from tests.world import healthy
from tests.world.kit import dump

Object = dict[str, Any]
OBJECTS: list[Object] = [*[*healthy().find("Node")][:2], *healthy().find("Machine")]
WARNING = "W1130 10:00:00.123456   12 warnings.go:70] v1 ComponentStatus is deprecated\n"
REFUSED = 'Error from server (Forbidden): machines.cluster.x-k8s.io is forbidden: User "ann" cannot list it\n'
LOG = (
    '==== START logs for container a of pod b/c ====\n{"kind": "Node",\n---\nx: [\n==== END logs for container a ====\n'
)


def listed(items: Sequence[Object]) -> Object:
    """A list as kubectl writes it."""
    return {"apiVersion": "v1", "items": [*items], "kind": "List", "metadata": {"resourceVersion": ""}}


def values(text: str | bytes) -> list[Any]:
    """The values of a text."""
    framed = frame_text(text.encode() if isinstance(text, str) else text)
    return [value.value for value in framed.values]


# --- one text ------------------------------------------------------------------------------------------------------

A, B = listed(OBJECTS[:2]), listed(OBJECTS[2:4])
TEXTS: dict[str, str] = {
    "documents": f"{dump(A)}---\n{dump(B)}",
    "documents that end": f"---\n{dump(A)}...\n---\n{dump(B)}...\n",
    "directive": f"%YAML 1.1\n---\n{dump(A)}---\n{dump(B)}",
    "appended": dump(A) + dump(B),
    "JSON in a row": json.dumps(A) + json.dumps(B),
    "JSON lines": f"{json.dumps(A)}\n{json.dumps(B)}\n",
    "indented JSON": json.dumps(A, indent=4) + "\n" + json.dumps(B, indent=4) + "\n",
    "JSON text sequence": f"\x1e{json.dumps(A)}\n\x1e{json.dumps(B)}\n",
    "YAML, then JSON": dump(A) + json.dumps(B, indent=1),
    "JSON, then YAML": f"{json.dumps(A)}\n{dump(B)}",
    "files put together with their marks": f"\ufeff{dump(A)}\ufeff---\n{dump(B)}",
    "commands between": f"ann@host:~$ kubectl get x -o yaml\n{dump(A)}# kubectl get y -o json\n{json.dumps(B)}",
    **{
        f"prompt {prompt.strip()}": (
            f"{prompt}kubectl get x -o yaml\n{dump(A)}{prompt}sudo kubectl get y -o json\n{json.dumps(B)}\n{prompt}"
        )
        for prompt in (
            "PS C:\\> ",
            "harvester:~ # ",
            "ann@hv01:~/my case$ ",
            "[ann@hv01 ~]$ ",
            "(x) ann@hv01 ~ % ",
            "$ ",
        )
    },
    "fences": f"# Of Monday\n\n```yaml\n{dump(A)}```\n\nand: these\n~~~\n{json.dumps(B)}\n~~~\nthanks: [\n",
    "script": f"Script started on 2025\n$ kubectl get x\n{dump(A)}$ exit\n{json.dumps(B)}\n\nScript done on 2025\n",
    "words before YAML": f"Here are the nodes,\n\nas of Monday:\n{dump(A)}---\n{dump(B)}",
    "words before JSON": f"Nodes: as of: Monday\n{json.dumps(A)}\nthe others\n{json.dumps(B)}\n",
    "warnings between": f"{WARNING}{dump(A)}Warning: x is deprecated\n{json.dumps(B)}\n{REFUSED}",
    "logs between": f"{json.dumps(A, indent=4)}\n{LOG}{json.dumps(B)}\n{LOG}",
    "colours": "\x1b[34m" + json.dumps(A).replace(":", "\x1b[0m:\x1b[33m") + "\x1b[0m\n" + json.dumps(B) + "\x1a",
    "comments": f"# of Monday\n\n{dump(A)}\n# of the same\n---\n# here\n{dump(B)}",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


@pytest.mark.parametrize("form", TEXTS)
def test_values_are_found_in_every_frame(form: str) -> None:
    """What is around them changes nothing, nor do the line ends of Windows."""
    assert values(TEXTS[form]) == [A, B]
    assert values(TEXTS[form].replace("\n", "\r\n")) == [A, B]


def test_words_are_left_out_only_where_the_rest_is_whole() -> None:
    """They are counted, and lines are counted with them; a fence that is not closed was cut."""
    framed = frame_text(TEXTS["fences"].encode())
    assert (framed.lines, framed.values[0].line) == (7, 4)
    for text in (
        f"```yaml\n{dump(A)}```\n```\n{dump(B)}",
        f"```\n{dump(A)}x: [\n```\n",
        f"words here:\n{dump(A)}x: [\n",
    ):
        with pytest.raises(TextError):
            values(text)
    assert values("just words") == ["just words"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["appended", "indented JSON"])
def test_encodings_of_windows_are_read(form: str, encoding: str) -> None:
    """With and without a byte order mark."""
    assert values(TEXTS[form].replace("\n", "\r\n").encode(encoding)) == [A, B]


def test_what_powershell_appends_is_read() -> None:
    """It writes UTF-16 after the UTF-8 of another program, without a mark."""
    assert values(dump(A).encode() + dump(B).replace("\n", "\r\n").encode("utf-16-le")) == [A, B]


def test_lines_of_other_programs_are_counted_and_the_error_is_told() -> None:
    """A list that could not be fetched leaves its error in the file."""
    framed = frame_text(TEXTS["warnings between"].encode())
    assert framed.lines == 3
    assert framed.telling == REFUSED.strip()[:160]
    assert not framed.logs
    assert not frame_text(f"{json.dumps(A)}\nexport PASSWORD=hunter2\n".encode()).telling
    assert frame_text(TEXTS["logs between"].encode()).logs


def test_place_of_a_value_is_its_line() -> None:
    """For messages."""
    framed = frame_text(b"---\na: 1\n---\nb: 2\n{}\n")
    assert [value.line for value in framed.values] == [1, 3, 5]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (dump(A).replace("kind: List\n", "") + dump(B), "does a second object begin there? Put `---` before it"),
        (dump(A) + "kind: List\n", "duplicate key 'kind'"),
        (json.dumps(A)[:-1], "it breaks off at its end: write or copy it again"),
        (json.dumps(A)[:-1] + json.dumps(B), "is not valid JSON: "),
        (f"{json.dumps(A)}\napiVersion: v1\nx: [\n", "is not valid YAML (line 4)"),
        (
            "a: &x [1]\nb: *x\n",
            "uses YAML anchors (line 1), which kubectl never writes; resolve them: `yq 'explode(.)'",
        ),
        (f"---\nb: 1\n---\na: &x [{'1, ' * 9}1]\nb: [{'*x, ' * 9}*x]\n", "uses YAML anchors (line 4)"),
        ('{"kind": "Node", "a": NaN}', "NaN is not a JSON number"),
        ("{a: 1, a: 2}", "is not valid JSON"),
        (dump(A).encode("utf-16")[:-1], "is UTF-16 that ends or breaks off within a character"),
        (dump(A).encode() + b"\0", "so it is not text or was damaged; save it as UTF-8"),
        (dump(A).encode() + b"# \xe9\n", "or was damaged; save it as UTF-8 (PowerShell: `| Out-File -Encoding utf8`)"),
    ],
)
def test_text_that_is_damaged_is_refused_whole(text: str | bytes, says: str) -> None:
    """One value that cannot be read makes all of them doubtful; the message says where, and the remedy."""
    with pytest.raises(TextError) as caught:
        values(text)
    assert says in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", [json.dumps(A), json.dumps(A, indent=4)])
def test_values_before_json_that_breaks_off_are_used(text: str) -> None:
    """Wherever that is; with the kinds of which there were more."""
    typed = json.dumps({"kind": "NodeList", "apiVersion": "v1", "items": []})
    for stop in range(1, len(text), 1 if is_full() else 97):
        framed = frame_text(f"{dump(B)}{text[:stop]}".encode())
        assert ([value.value for value in framed.values], framed.broken) == ([B], True)
    assert framed.cut == {("v1", "Node")}
    assert frame_text(f"{text}\n{typed[:-3]}".encode()).cut == {("v1", "Node")}


def test_a_mapping_in_flow_style_is_read() -> None:
    """As people write it; JSON stays exact."""
    assert values("{apiVersion: v1, kind: NodeList, items: []}\n") == [
        {"apiVersion": "v1", "kind": "NodeList", "items": []}
    ]


# --- any division of the same objects --------------------------------------------------------------------------------

PIECE: tuple[Callable[[Object], str], ...] = (
    dump,
    lambda value: f"---\n{dump(value)}",
    lambda value: f"{json.dumps(value)}\n",
    lambda value: json.dumps(value, indent=4) + "\n",
    lambda value: f"{WARNING}{json.dumps(listed([value]))}\n",
    lambda value: dump(listed([listed(value["items"][:-1]), *value["items"][-1:]])),
)


def carried(place: Path, carrier: str, files: dict[str, bytes]) -> Path:
    """The files in a folder, a zip, a tar; or packed one by one."""
    if carrier == "zip":
        with zipfile.ZipFile(place / "x", "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return place / "x"
    if carrier.startswith("w"):
        with tarfile.open(place / "x", carrier) as tar:  # type: ignore[call-overload]
            for name, data in files.items():
                info = tarfile.TarInfo(f"./{name}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return place / "x"
    pack: Callable[[bytes], bytes] = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress}.get(
        carrier, lambda data: data
    )
    for name, data in files.items():
        (place / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "d" / name).write_bytes(pack(data))
    return place / "d"


CARRIERS = ("folder", "gzip", "xz", "bzip2", "zip", "w", "w:gz", "w:xz", "w:bz2")


def seen(reader: FilesReader) -> dict[str, Any]:
    """The objects of each kind, and what its list is worth."""
    snapshot = Snapshot(reader)
    return {
        kind: (snapshot.objects(kind), [(entry.namespace, entry.state) for entry in snapshot.lists(kind)])
        for kind in ("Node", "Machine")
    }


WHOLE = seen(FilesReader("all", [("a", listed(OBJECTS))]))


@st.composite
def divisions(draw: st.DrawFn) -> tuple[dict[str, bytes], str]:
    """The list of each kind, and of some objects again, in any form, one after the other in up to three files.

    And their carrier.
    """
    order = draw(st.permutations(OBJECTS))
    edges = [0, *sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=2))), len(order)]
    lists = [[obj for obj in order if obj["kind"] == kind] for kind in ("Node", "Machine")]
    lists += [order[start:stop] for start, stop in pairwise(edges)][1:]
    texts = ["", "", ""]
    for items in draw(st.permutations(lists)):
        texts[draw(st.integers(0, 2))] += draw(st.sampled_from(PIECE))(listed(items))
    encoding = draw(st.sampled_from(ENCODINGS))
    files = {f"of {n}/file": text.encode(encoding) for n, text in enumerate(texts) if text}
    return files, draw(st.sampled_from(CARRIERS))


@given(divisions())
def test_any_division_of_the_same_lists_gives_the_same_snapshot(division: tuple[dict[str, bytes], str]) -> None:
    """Whatever a person appended to what, and however it was packed."""
    files, carrier = division
    with TemporaryDirectory() as place:
        source = carried(Path(place), carrier, files)
        assert seen(FilesReader.from_path(source)) == WHOLE
