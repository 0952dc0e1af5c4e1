"""The usual way, as a process: `zipfile` and PyYAML's CSafeLoader over the members.

usage: usual.py BUNDLE.zip < names
"""

import sys
import zipfile

import yaml


def main(bundle: str) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = sys.stdin.read().split("\n")
        kept = [yaml.load(archive.read(name), Loader=yaml.CSafeLoader) for name in names]
    print(len(kept))


if __name__ == "__main__":
    main(sys.argv[1])
