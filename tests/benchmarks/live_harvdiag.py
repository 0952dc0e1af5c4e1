"""harvdiag's fetch of the same kinds.

usage: python live_harvdiag.py KUBECONFIG KIND...
"""

from __future__ import annotations

import sys

import harvdiag


def main() -> None:
    snapshot = harvdiag.connect(kubeconfig=sys.argv[1]).snapshot
    snapshot.load(sys.argv[2:])
    print(sum(len(snapshot.objects(snapshot.resolve_kind(kind).name)) for kind in sys.argv[2:]))


if __name__ == "__main__":
    main()
