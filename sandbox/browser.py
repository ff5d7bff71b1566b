"""A person at the local Slack's page, in headless Chromium: typing, clicking, reading, taking pictures.

Nothing here goes behind the page's back: it sends what the person does over the page's own socket.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.async_api import Browser as Chromium
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FloatRect, Locator, Page, Playwright, async_playwright, expect

from sandbox.slack import LocalSlack
from sandbox.slack.page_code import PERSON_COOKIE

_WINDOW_WIDTH, _WINDOW_HEIGHT = 1400, 1000
_FILE_WIDTH = 1060
_PATIENCE_SECONDS = 15.0


class Browser:
    """Headless Chromium; an async context manager. Every person has cookies and a window of their own."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        self._chromium = await self._playwright.chromium.launch(
            executable_path=self._program, args=["--disable-dev-shm-usage", "--font-render-hinting=none"]
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chromium is not None:
            await self._chromium.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def person(self, slack: LocalSlack, name: str) -> "BrowserPerson":
        """Open the page as somebody, by name: they see their own private messages and views, not those of others."""
        if self._chromium is None:
            raise RuntimeError("the browser is not running")
        member = next(each for each in slack.workspace.members if each.name == name)
        context = await self._chromium.new_context(
            viewport={"width": _WINDOW_WIDTH, "height": _WINDOW_HEIGHT}, locale="en-GB"
        )
        context.set_default_timeout(_PATIENCE_SECONDS * 1000)
        await context.add_cookies([{"name": PERSON_COOKIE, "value": member.id, "url": slack.page_url}])
        page = await context.new_page()
        await page.goto(slack.page_url)
        await page.locator("label.actas select").select_option(label=member.real_name)
        return BrowserPerson(page)

    async def file(self, path: Path) -> Page:
        """Open a file as whoever was sent it does: offline, in a window of its own."""
        if self._chromium is None:
            raise RuntimeError("the browser is not running")
        context = await self._chromium.new_context(
            viewport={"width": _FILE_WIDTH, "height": _WINDOW_HEIGHT}, locale="en-GB", offline=True
        )
        page = await context.new_page()
        await page.goto(path.as_uri())
        return page


class BrowserPerson:
    """One person at their own window. What is not there within 15 seconds is Playwright's TimeoutError."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open(self, channel: str) -> None:
        """Go to a channel, by name."""
        await self.page.locator("button.sidebar-item", has_text=channel.removeprefix("#")).click()
        await self.page.locator(".channel-title", has_text=channel.removeprefix("#")).wait_for()

    async def type(self, line: str) -> None:
        """Type a message or a slash command into the open channel and send it."""
        composer = self.page.locator("main textarea.composer-input")
        await composer.press_sequentially(line)
        await expect(composer).to_have_value(line)
        await composer.press("Enter")
        await expect(composer).to_have_value("")

    def card(self, text: str) -> Locator:
        """The newest message of the open channel that holds this text."""
        return self.page.locator("main .messages .msg", has_text=text).last

    async def sees(self, text: str, *, seconds: float = _PATIENCE_SECONDS) -> str:
        """Wait until the open channel shows a message with this text; all that can be read on it.

        After so many seconds Playwright's TimeoutError, with what the channel does show.
        """
        try:
            await self.card(text).wait_for(timeout=seconds * 1000)
        except PlaywrightError as error:
            error.add_note(f"The channel shows: {await self.reads()}")
            raise
        return await self.card(text).locator(".msg-body").inner_text()

    async def reads(self) -> list[str]:
        """What can be read on the messages of the open channel, oldest first."""
        return await self.page.locator("main .messages .msg .msg-body").all_inner_texts()

    async def buttons(self, text: str) -> list[str]:
        """The labels of the buttons on the message that holds this text, once it is there."""
        await self.card(text).wait_for()
        return await self.card(text).locator("button.bk-button").all_inner_texts()

    def button(self, label: str, *, on: str) -> Locator:
        """The buttons with this label on the message that holds the text `on`."""
        return self.card(on).get_by_role("button", name=label, exact=True)

    async def click(self, label: str, *, on: str, seconds: float = _PATIENCE_SECONDS) -> None:
        """Click the first button with this label on the message that holds the text `on`, once it is there."""
        await self.button(label, on=on).first.click(timeout=seconds * 1000)

    async def choose(self, option: str, *, on: str) -> None:
        """Choose an option of a menu on the message that holds the text `on`."""
        menu = self.card(on).locator("select", has=self.page.locator("option", has_text=option))
        await menu.select_option(label=option)

    async def dialog(self, text: str = "", *, seconds: float = _PATIENCE_SECONDS) -> str:
        """Wait for a view or a confirmation dialog with this text; all that can be read on it."""
        dialog = self.page.locator(".modal", has_text=text)
        await dialog.wait_for(timeout=seconds * 1000)
        return await dialog.inner_text()

    async def fill(self, label: str, value: str) -> None:
        """Fill in the open view's text field with this label."""
        await self._field(label).locator(".bk-plain-input").fill(value)

    async def pick(self, label: str, option: str) -> None:
        """Choose an option of the open view's menu with this label."""
        await self._field(label).locator("select").select_option(label=option)

    async def picked(self, label: str) -> str:
        """The option that the open view's menu with this label shows."""
        return await self._field(label).locator("select option:checked").inner_text()

    def _field(self, label: str) -> Locator:
        return self.page.locator(".modal .bk-input", has=self.page.locator(".bk-label", has_text=label))

    async def confirm(self) -> None:
        """Press the open view's or dialog's own button, whatever it is called."""
        await self.page.locator(".modal .modal-btn.primary").click()

    async def dismiss(self) -> None:
        """Close the open view or dialog without doing anything."""
        await self.page.locator(".modal .modal-x").click()
        await self.page.locator(".modal").wait_for(state="detached")

    async def open_home(self) -> None:
        """Open the bot's Home; `home` reads it."""
        await self.page.locator("button.sidebar-item:has(.app-dot)").click()

    async def home(self, text: str) -> str:
        """Wait until the open Home shows this text; all that can be read on it."""
        shown = self.page.locator("main .home", has_text=text)
        await shown.wait_for()
        return await shown.inner_text()

    async def open_thread(self, text: str) -> None:
        """Open the thread of the message that holds this text; `thread` reads it."""
        await self.card(text).locator("button.thread-summary").click()
        await self.page.locator(".thread-pane").wait_for()

    async def thread(self) -> list[str]:
        """What can be read on the messages of the open thread, the first one included."""
        return await self.page.locator(".thread-pane .msg .msg-body").all_inner_texts()

    async def close_thread(self) -> None:
        """Close the open thread."""
        await self.page.locator(".thread-pane .thread-x").click()
        await self.page.locator(".thread-pane").wait_for(state="detached")

    async def widen_thread(self, pixels: int) -> None:
        """Drag the open thread's edge so far to the left."""
        edge = await self.page.locator(".thread-resize-handle").bounding_box()
        if edge is None:
            raise RuntimeError("no thread is open")
        x, y = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2
        await self.page.mouse.move(x, y)
        await self.page.mouse.down()
        await self.page.mouse.move(x - pixels, y, steps=4)
        await self.page.mouse.up()

    async def picture(self, path: Path, *, clip: FloatRect | None = None) -> None:
        """A PNG of the window, or of a part of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.page.mouse.move(0, 0)  # nothing is hovered over
        await self.page.screenshot(path=path, clip=clip)
