#!/usr/bin/env bash
# nbconvert 7.17.2 makes an <img> of an SVG output and gives it no alternative text: neither the alt of the output's
# metadata, which it takes for PNG in its classic template, nor the title in the SVG, nor text/plain beside it. A figure
# of a report is mute to a screen reader. Fails when that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check nbconvert==7.17.2 nbformat==5.11.1
cat > "$place/look.py" <<'PY'
import re

from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

ALT = "four nodes, three Machines"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' role='img'><title>{ALT}</title></svg>"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg=="
for kind, content in (("image/svg+xml", SVG), ("image/png", PNG)):
    output = new_output("display_data", data={kind: content, "text/plain": ALT}, metadata={kind: {"alt": ALT}})
    notebook = new_notebook(cells=[new_code_cell("draw()", outputs=[output])])
    for template in ("lab", "classic"):
        page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
        body = page[page.index("<body") :]
        image = re.search(r"<img[^>]*>", body)[0]
        print(f"{kind} {template}:", "alt kept" if f'alt="{ALT}"' in image else "alt lost")
PY
"$place/venv/bin/python" "$place/look.py" | tee "$place/out"
grep -qx 'image/svg+xml lab: alt lost' "$place/out"
grep -qx 'image/svg+xml classic: alt lost' "$place/out"
grep -qx 'image/png classic: alt kept' "$place/out"
