#!/usr/bin/env bash
# nbconvert 7.17.2: an ipywidgets form has its content as text/plain beside it, which a page shows as long as the
# notebook holds no widget state. With the state, which nbclient, papermill and `nbconvert --execute` store by default,
# the page has an empty place for a script of a public address instead: without a network the words are gone.
# Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check nbconvert==7.17.2 nbformat==5.11.1
cat > "$place/look.py" <<'PY'
import re

from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

WORDS = "added by hand in March"
view = {"model_id": "form", "version_major": 2, "version_minor": 0}
shown = {"application/vnd.jupyter.widget-view+json": view, "text/plain": f"Text(value='{WORDS}')"}
notebook = new_notebook(cells=[new_code_cell("form", outputs=[new_output("display_data", data=shown)])])
model = {
    "model_name": "TextModel",
    "model_module": "@jupyter-widgets/controls",
    "model_module_version": "2.0.0",
    "state": {"value": WORDS},
}
state = {"version_major": 2, "version_minor": 0, "state": {"form": model}}


def outside_scripts():
    """The words as a reader without scripts sees them."""
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    return WORDS in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


print("without state:", "words shown" if outside_scripts() else "words missing")
notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
print("with state:", "words shown" if outside_scripts() else "words missing")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qx 'without state: words shown' "$place/out"
grep -qx 'with state: words missing' "$place/out"
