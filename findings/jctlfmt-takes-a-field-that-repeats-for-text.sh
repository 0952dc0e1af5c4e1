#!/usr/bin/env bash
# jctlfmt 2.0.1: in the JSON of the journal a field that an entry has more than once is an array of its values, and a
# value that is not printable or no UTF-8 is an array of its bytes (journalctl, -o json). Entry knows an array in
# MESSAGE alone, and takes it for the bytes of UTF-8: others are a UnicodeDecodeError. MESSAGE or PRIORITY twice is a
# TypeError, and SYSLOG_IDENTIFIER twice ends up in the line as a list of Python.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check jctlfmt==2.0.1
cat > "$place/look.py" <<'PY'
import json

from jctlfmt import BaseFormatter, Entry

ENTRY = {
    "__REALTIME_TIMESTAMP": "1730000000123456",
    "_HOSTNAME": "hv02",
    "SYSLOG_IDENTIFIER": "iscsid",
    "PRIORITY": "4",
    "MESSAGE": "login failed",
}
CASES = {
    "as usual": {},
    "UTF-8 in bytes": {"MESSAGE": list("login failed".encode())},
    "no UTF-8": {"MESSAGE": list("temperature 70\N{DEGREE SIGN}C".encode("latin-1"))},
    "message twice": {"MESSAGE": ["login failed", "session 3"]},
    "priority twice": {"PRIORITY": ["4", "4"]},
    "identifier twice": {"SYSLOG_IDENTIFIER": ["iscsid", "open-iscsi"]},
}
for name, fields in CASES.items():
    try:
        line = BaseFormatter().fmt_full(Entry(json.dumps(ENTRY | fields)))
        print(f"{name}: {line.split(' ', 2)[2]}")
    except (TypeError, ValueError) as error:
        print(f"{name}: {type(error).__name__}")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qxF 'as usual: hv02 iscsid: <4>login failed' "$place/out"
grep -qxF 'UTF-8 in bytes: hv02 iscsid: <4>login failed' "$place/out"
grep -qxF 'no UTF-8: UnicodeDecodeError' "$place/out"
grep -qxF 'message twice: TypeError' "$place/out"
grep -qxF 'priority twice: TypeError' "$place/out"
grep -qxF "identifier twice: hv02 ['iscsid', 'open-iscsi']: <4>login failed" "$place/out"
