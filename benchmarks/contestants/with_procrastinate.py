"""Procrastinate as a contestant: default polling and notifications. It has no steps: a job is its one durable step.

Its documentation's recovery: a periodic task gives the jobs of workers without a heartbeat back. The page's example
looks every ten minutes; here it looks every minute, the most often that its clock's five fields can say.
"""

import asyncio
import logging
import sys

from procrastinate import App, JobContext, PsycopgConnector
from telling import gaps, tell

EVERY_MINUTE = "* * * * *"


def _app(url: str, *, hangs: bool = False) -> App:
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="work")
    async def work(item: str) -> None:
        tell("started", item)
        if hangs:
            await asyncio.Event().wait()
        tell("ended", item)

    @app.periodic(cron=EVERY_MINUTE)
    @app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
    async def retry_stalled(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  # as it is called
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.retry_job(job)

    return app


async def _prepare(url: str) -> None:
    app = _app(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def _work(url: str, *, name: str, slots: int, hangs: bool) -> None:
    app = _app(url, hangs=hangs)
    async with app.open_async():
        tell("up")
        await app.run_worker_async(name=name, concurrency=slots, install_signal_handlers=False)


async def _ask(url: str, *, jobs: int, gap: float, prefix: str) -> None:
    app = _app(url)
    async with app.open_async():
        await app.check_connection_async()
        for number, wait in gaps(jobs, gap):
            await asyncio.sleep(wait)
            await app.configure_task("work").defer_async(item=f"{prefix}{number}")
            tell("ready", f"{prefix}{number}")


def main() -> None:
    """As the package says."""
    logging.disable(logging.WARNING)
    match sys.argv[1:]:
        case ["prepare", url]:
            asyncio.run(_prepare(url))
        case ["work", url, name, slots, *rest]:
            asyncio.run(_work(url, name=name, slots=int(slots), hangs=rest == ["hangs"]))
        case ["ask", url, count, steps, gap, prefix]:
            asyncio.run(_ask(url, jobs=int(count) * int(steps), gap=float(gap), prefix=prefix))


if __name__ == "__main__":
    main()
