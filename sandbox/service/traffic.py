"""What tenants do with the service, where the tour or a test wants it done."""

import httpx

_SEASON = 6_000  # plans: more than v46 has room for
_TIMES = 9  # connections go to the pods in turn, among those of the health probes


async def plan_a_season(url: str) -> None:
    """A tenant plans a whole season, in every pod behind this address."""
    async with httpx.AsyncClient(headers={"connection": "close"}) as client:
        for _ in range(_TIMES):
            (await client.post(f"{url}/plans/{_SEASON}")).raise_for_status()
