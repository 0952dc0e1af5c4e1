#!/usr/bin/env bash
# lightkube 1.0.1: parse_quantity knows no n and no u, and these are the units in which the metrics API of a cluster
# states what a Node or a Pod uses (153245678n, 250u): a ValueError where the API server has a quantity. 1E3 is refused
# too, while 1e3, which is the same to Kubernetes, is read; and 1Zi, which Kubernetes refuses, is read.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check lightkube==1.0.1
cat > "$place/look.py" <<'PY'
from lightkube.utils.quantity import parse_quantity

for text in ("153m", "153245678n", "250u", "1e3", "1E3", "1Ei", "1Zi"):
    try:
        print(f"{text}: {parse_quantity(text)}")
    except ValueError as error:
        print(f"{text}: {error}")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qx '153m: 0.153' "$place/out"
grep -qx '153245678n: Invalid unit suffix: n' "$place/out"
grep -qx '250u: Invalid unit suffix: u' "$place/out"
grep -qx '1e3: 1000.000' "$place/out"
grep -qx '1E3: Invalid unit suffix: E3' "$place/out"
grep -qx '1Zi: 1180591620717411303424.000' "$place/out"
