"""DBOS as a contestant: one queue, default polling; a workflow of so many steps.

Its documentation's recovery without a management service: a process of the same executor id starts again.
"""

import sys
import threading
import time

from dbos import DBOS, DBOSClient, EnqueueOptions
from telling import gaps, tell

QUEUE = "bench"


class _Ways:
    """How this process treats steps."""

    hangs = False


@DBOS.step()
def nothing(item: str, number: int, steps: int) -> int:
    """A step without an effect."""
    if number == 0:
        tell("started", item)
    if _Ways.hangs:
        threading.Event().wait()
    if number == steps - 1:
        tell("ended", item)
    return number


@DBOS.workflow(name="work")
def work(item: str, steps: int) -> int:
    """So many steps, one after the other."""
    for number in range(steps):
        nothing(item, number, steps)
    return steps


def _launch(url: str, name: str, slots: int) -> None:
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "executor_id": name,
            "application_version": "1",
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=slots)


def _ask(url: str, *, count: int, steps: int, gap: float, prefix: str) -> None:
    client = DBOSClient(system_database_url=url)
    options: EnqueueOptions = {"queue_name": QUEUE, "workflow_name": "work", "app_version": "1"}
    client.list_queues()  # connected
    for number, wait in gaps(count, gap):
        time.sleep(wait)
        client.enqueue(options, f"{prefix}{number}", steps)
        tell("ready", f"{prefix}{number}")
    client.destroy()


def main() -> None:
    """As the package says."""
    match sys.argv[1:]:
        case ["prepare", url]:
            _launch(url, "prepare", 8)
            DBOS.destroy()
        case ["work", url, name, slots, *rest]:
            _Ways.hangs = rest == ["hangs"]
            _launch(url, name, int(slots))
            tell("up")
            threading.Event().wait()
        case ["ask", url, count, steps, gap, prefix]:
            _ask(url, count=int(count), steps=int(steps), gap=float(gap), prefix=prefix)


if __name__ == "__main__":
    main()
