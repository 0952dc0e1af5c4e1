#!/usr/bin/env bash
# systemdunitparser 0.4: a line of a unit that ends in a backslash goes on in the next line, whether that is indented or
# not, and comments in between are left out (systemd.syntax). The parser goes by the indentation alone. A second line
# that has = in it becomes a key of its own, so that a variable is gone from Environment without a word; one without =
# is a ParsingError; and an indented one is kept, with backslash and line break in the value that is handed out.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check systemdunitparser==0.4
cat > "$place/look.py" <<'PY'
import configparser

from SystemdUnitParser import SystemdUnitParser

UNITS = {
    "with =": '[Service]\nEnvironment="HOME=/root" \\\n# for the kubelet\n"NODE=hv02"\nType=notify\n',
    "without =": "[Service]\nExecStart=/opt/rke2/bin/rke2 \\\nserver\nType=notify\n",
    "indented": "[Service]\nExecStart=/opt/rke2/bin/rke2 \\\n    server\nType=notify\n",
}
for name, text in UNITS.items():
    unit = SystemdUnitParser()
    try:
        unit.read_string(text)
        print(f"{name}: {dict(unit['Service'])}")
    except configparser.ParsingError:
        print(f"{name}: ParsingError")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qxF "with =: {'Environment': '\"HOME=/root\" \\\\', '\"NODE': 'hv02\"', 'Type': 'notify'}" "$place/out"
grep -qxF 'without =: ParsingError' "$place/out"
grep -qxF "indented: {'ExecStart': '/opt/rke2/bin/rke2 \\\\\\nserver', 'Type': 'notify'}" "$place/out"
