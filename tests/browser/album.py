"""The pictures of the docs; `make images` puts them into docs/images, otherwise they go to a temporary folder."""

import os
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import FloatRect, Locator

from sandbox.browser import BrowserPerson

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_WIDTH = 1120
_PNG, _LARGEST = b"\x89PNG", 300_000  # bytes


@dataclass(frozen=True)
class Album:
    """Where the pictures go."""

    folder: Path

    @classmethod
    def of(cls, otherwise: Path) -> "Album":
        """That of the docs where they are wanted, else this folder."""
        return cls(IMAGES if os.environ.get("OPSBOT_IMAGES") else otherwise)

    async def take(self, name: str, person: BrowserPerson, *, height: int, of: str = "") -> None:
        """The person's window, so high; with the message that holds the text `of` in view."""
        await person.page.set_viewport_size({"width": _WIDTH, "height": height})
        if of:
            await person.card(of).scroll_into_view_if_needed()
        await self._take(name, person, {"x": 0, "y": 0, "width": _WIDTH, "height": height})

    async def take_part(self, name: str, person: BrowserPerson, part: Locator, *, margin: int = 0) -> None:
        """A part of the person's window, with so much of the window around it."""
        await part.scroll_into_view_if_needed()
        box = await part.bounding_box()
        assert box is not None
        clip: FloatRect = {
            "x": box["x"] - margin,
            "y": box["y"] - margin,
            "width": box["width"] + 2 * margin,
            "height": box["height"] + 2 * margin,
        }
        await self._take(name, person, clip)

    async def _take(self, name: str, person: BrowserPerson, clip: FloatRect) -> None:
        """Nothing on the page is left undrawn, and the picture is not large."""
        assert await person.page.locator(".bk-unknown").count() == 0
        path = self.folder / f"{name}.png"
        await person.picture(path, clip=clip)
        content = path.read_bytes()
        assert content.startswith(_PNG)
        assert len(content) < _LARGEST
