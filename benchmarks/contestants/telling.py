"""What every contestant says on its standard output. The peers' programs run without Opsbot installed: no imports."""

import random
import sys
import time
from collections.abc import Iterator


def tell(word: str, item: str = "-") -> None:
    """One line, at once."""
    sys.stdout.write(f"{word} {item} {time.monotonic():.6f}\n")
    sys.stdout.flush()


def gaps(count: int, mean: float) -> Iterator[tuple[int, float]]:
    """Numbers, and how long to wait before each: unequal, so that nobody's polling keeps step with them."""
    drawn = random.Random(1)  # noqa: S311  # it keeps no secret
    for number in range(count):
        yield number, mean * drawn.uniform(0.5, 1.5)
