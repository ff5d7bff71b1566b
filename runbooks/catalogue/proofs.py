"""What a service offers as proof that a release is fit, and who is told before it comes."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from runbooks.catalogue.parts import Duration, Part, Shape, SomeTime, Variable

Person = Annotated[
    str, Shape(r"^[UW][A-Z0-9]+$", "no Slack user id; it is in the person's profile, such as U0EXAMPLEADA")
]
"""A Slack user id."""
Channel = Annotated[
    str,
    Shape(r"^[CG][A-Z0-9]+$", "no Slack channel id; it is at the end of the channel's details, such as C0EXAMPLEOPS"),
]
"""A Slack channel id."""


Email = Annotated[str, Shape(r"^[^\s<>@]+@[^\s<>@]+$", "no e-mail address, such as ada@example.com")]
"""An e-mail address, as git has it of an author."""


class Stakeholders(Part):
    """Who is told before an environment changes: people by a message of their own, channels by one each.

    Where any are named, the authors of what comes are told too, as far as the catalogue's `people` knows them.
    """

    people: tuple[Person, ...] = ()
    channels: tuple[Channel, ...] = ()


class SmokeCheck(Part):
    """A path of the environment's `url` that must answer so; `contains` is looked for in the body's first 2 KiB."""

    path: str
    status: int = Field(default=200, ge=200, le=599)
    contains: str = ""


class Ci(Part):
    """Where the verdict on a commit is asked over HTTP: `field` of the JSON answer, dotted where it is nested."""

    url: str  # with {commit}
    field: str = "state"
    passes: str = "success"
    pending: tuple[str, ...] = ("pending", "queued", "in_progress", "running")  # not a verdict yet
    token: Variable | None = None  # names the variable whose value is sent as a bearer token
    timeout: Duration = timedelta(minutes=15)  # for a verdict to come
    interval: SomeTime = timedelta(seconds=5)

    @model_validator(mode="after")
    def _names_the_commit(self) -> Self:
        if "{commit}" not in self.url or not self.url.startswith(("https://", "http://")):
            raise ValueError("an address of http or https with {commit} in it")
        return self

    def of(self, commit: str) -> str:
        """The address of a commit's verdict."""
        return self.url.replace("{commit}", commit)
