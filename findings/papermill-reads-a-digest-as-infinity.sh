#!/usr/bin/env bash
# papermill 2.7.0: a value of `-p` that looks like a number becomes one, and many identifiers of a cluster do. The
# abbreviated digest 405862e486, as it stands in names of ControllerRevisions and images, is written into the notebook
# as float('inf'), and into its metadata as the bare word Infinity: the file is no JSON any more. 007 becomes 7, and
# 1_000 becomes 1000. `-r` hands over the text as it is.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check papermill==2.7.0 ipykernel==7.4.0
cat > "$place/in.ipynb" <<'JSON'
{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {"tags": ["parameters"]},
  "outputs": [], "source": "digest = ''"}],
 "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
 "nbformat": 4, "nbformat_minor": 5}
JSON
cat > "$place/show.py" <<'PY'
import json
import sys

text = open(sys.argv[1], encoding="utf-8").read()


def refuse(word):
    raise ValueError(f"no JSON: {word}")


cell = next(c for c in json.loads(text)["cells"] if "injected-parameters" in c["metadata"]["tags"])
print("".join(cell["source"]).splitlines()[-1])
try:
    json.loads(text, parse_constant=refuse)
    print("JSON")
except ValueError as error:
    print(error)
PY
prepare() {
  "$place/venv/bin/papermill" --prepare-only --log-level ERROR "$1" digest "$2" "$place/in.ipynb" "$place/out.ipynb" \
    > /dev/null 2>&1
  "$place/venv/bin/python" "$place/show.py" "$place/out.ipynb" | tr '\n' ' ' | sed 's/ $//'
}
digest=$(prepare -p 405862e486)
zeros=$(prepare -p 007)
underscore=$(prepare -p 1_000)
raw=$(prepare -r 405862e486)
printf '%s\n' "-p 405862e486: $digest" "-p 007: $zeros" "-p 1_000: $underscore" "-r 405862e486: $raw"
[ "$digest" = "digest = float('inf') no JSON: Infinity" ]
[ "$zeros" = "digest = 7 JSON" ]
[ "$underscore" = "digest = 1000 JSON" ]
[ "$raw" = 'digest = "405862e486" JSON' ]
