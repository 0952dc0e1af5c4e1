"""`make notebooks`: execute every notebook on the sample data and keep its outputs."""

from __future__ import annotations

import nbformat

from tests.notebooks.run import LABS, NOTEBOOKS, execute, keep


def main() -> None:
    """Write each notebook with the outputs of a fresh run."""
    for path in (*NOTEBOOKS, *LABS):
        nbformat.write(keep(execute(path)), path)
        print(path.name)


if __name__ == "__main__":
    main()
