"""The API of the benchmark, in a process of its own. Each line on stdin asks for the requests since the last one.

usage: python -m tests.benchmarks.live_server KUBECONFIG NODES PODS
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

from tests.api import Api
from tests.benchmarks.live_objects import objects


def main() -> None:
    path, nodes, pods = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with Api(objects(nodes, pods), tls="good", login_required=True) as api:
        api.kubeconfig(path)
        gc.collect()
        gc.freeze()  # no pause of the server's shall be taken for a client's
        print(json.dumps({"url": api.url}), flush=True)
        for title in sys.stdin:
            if title.strip() == "harvdiag":  # the others do show Secrets
                api.assert_only_read()
            told = [request.target for request in api.requests]
            api.requests.clear()
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
