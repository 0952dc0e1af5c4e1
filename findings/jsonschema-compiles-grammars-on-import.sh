#!/usr/bin/env bash
# jsonschema 4.26.0 beside rfc3987-syntax 1.1.0 (which jupyter_events brings along): `import jsonschema`, and with it
# `import nbformat`, compiles dozens of lark grammars before anything is validated, one for each term of RFC 3987.
# Seen: 39 calls of lark.Lark while nbformat is imported (about 1.5 s of CPU), none where rfc3987-syntax is missing;
# no notebook has a field of that format. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check \
  jsonschema==4.26.0 rfc3987-syntax==1.1.0 lark==1.3.1 nbformat==5.11.1
cat > "$place/count.py" <<'PY'
import sys

import lark

compiled = 0
build = lark.Lark.__init__


def counted(self, *args, **options):
    global compiled
    compiled += 1
    build(self, *args, **options)


lark.Lark.__init__ = counted
if sys.argv[1] == "without":
    sys.modules["rfc3987_syntax"] = None  # as if it were not installed
import nbformat  # noqa: E402

print(compiled, "grammars;", "jsonschema" in sys.modules, nbformat.__version__)
PY
with=$("$place/venv/bin/python" "$place/count.py" with)
without=$("$place/venv/bin/python" "$place/count.py" without)
echo "with rfc3987-syntax: $with"
echo "without it:          $without"
[ "${with%% *}" -eq 39 ]
[ "${without%% *}" -eq 0 ]
