"""`make pictures`: the picture of the README, taken of the answer in notebook 01 in JupyterLab."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.lab import browser, lab, scroll_to
from tests.notebooks.run import ROOT

HEIGHT = 2000


def main() -> None:
    """Write data/pictures/findings.png."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "settings").mkdir()
        with lab(place, place / "settings") as jupyter, browser(place / "profile", 1480, HEIGHT) as driver:
            driver.get(jupyter.address("notebooks/01-find-orphans.ipynb"))
            driver.implicitly_wait(60)
            driver.find_element("css selector", ".jp-WindowedPanel-outer")
            driver.implicitly_wait(0)
            output = scroll_to(driver, "lists seen", HEIGHT)
            output.screenshot(str(ROOT / "data" / "pictures" / "findings.png"))


if __name__ == "__main__":
    main()
