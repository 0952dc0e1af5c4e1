#!/usr/bin/env bash
# cel-python 0.5.0: CEL, in which rules of CustomResourceDefinitions are written, compares int and double by value
# (language definition of cel-spec: Numbers, Equality). Here that holds for the order of a double and an int alone: an
# int and a double have no overload, and == has none either way. So a rule stands or falls by how a file writes a
# number, 2 or 2.0, which is one number in JSON. And string() drops the fraction of a time, which < goes by, so that two
# times that differ read alike, and that of a duration; the definition keeps both (60.001s for 1m1ms).
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check cel-python==0.5.0
cat > "$place/look.py" <<'PY'
import json

import celpy

environment = celpy.Environment()


def evaluate(rule, document="{}"):
    program = environment.program(environment.compile(rule))
    try:
        return program.evaluate({"self": celpy.json_to_cel(json.loads(document))})
    except celpy.CELEvalError as error:
        return "no overload" if "no matching overload" in str(error) else f"another error: {error}"


for rule in ("self.load >= 1", "self.load >= 1.5", "self.load == 2"):
    whole, point = (evaluate(rule, json.dumps({"load": number})) for number in (2, 2.0))
    print(f"{rule}: {whole} for 2, {point} for 2.0")
EARLY, LATE = "timestamp('2026-01-05T10:00:00.100000Z')", "timestamp('2026-01-05T10:00:00.900000Z')"
print(f"early < late: {evaluate(f'{EARLY} < {LATE}')}")
print(f"string(early): {evaluate(f'string({EARLY})')}, string(late): {evaluate(f'string({LATE})')}")
DURATION = "string(duration('1500ms'))"
print(f"{DURATION}: {evaluate(DURATION)}")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qxF 'self.load >= 1: True for 2, True for 2.0' "$place/out"
grep -qxF 'self.load >= 1.5: no overload for 2, True for 2.0' "$place/out"
grep -qxF 'self.load == 2: True for 2, no overload for 2.0' "$place/out"
grep -qxF 'early < late: True' "$place/out"
grep -qxF 'string(early): 2026-01-05T10:00:00Z, string(late): 2026-01-05T10:00:00Z' "$place/out"
grep -qxF "string(duration('1500ms')): 1s" "$place/out"
