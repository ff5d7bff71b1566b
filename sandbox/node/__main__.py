"""`python -m sandbox.node --kubeconfig FILE --repository FOLDER`: the node as a process of its own."""

import argparse
import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from sandbox.cache import cache_folder
from sandbox.node import Node


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A Kubernetes node that runs the sample service as real processes")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--repository", type=Path, required=True, help="the sample service's git repository")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where unpacked images are kept")
    parser.add_argument("--name", default="sandbox")
    parser.add_argument(
        "--expose",
        action="append",
        default=[],
        metavar="NAMESPACE/APP=PORT",
        help="a local port in front of the Ready pods labelled app=APP; may be repeated",
    )
    return parser.parse_args()


async def _main(arguments: argparse.Namespace) -> None:
    node = Node(
        kubeconfig=arguments.kubeconfig,
        repository=arguments.repository,
        cache=arguments.cache,
        name=arguments.name,
    )
    async with node:
        for wanted in arguments.expose:
            place, _, port = wanted.rpartition("=")
            namespace, _, app = place.partition("/")
            print(f"{place} at http://127.0.0.1:{await node.expose(namespace, {'app': app}, int(port))}", flush=True)
        print(f"node {node.name} runs", flush=True)
        work = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel if work else lambda: None)
        await node.run()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_main(_arguments()))
