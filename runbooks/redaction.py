"""Takes secrets out of text and JSON before it is stored or shown: known values, and what has a secret's shape.

It removes the secret and leaves the words around it, so that a line still says what happened. A leaf.
Every pattern runs in linear time, whatever the text: repeats are possessive or bounded.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from runbooks.vocabulary import Outcome

HIDDEN = "[redacted]"
_SHORTEST = 6  # characters: a shorter known value would take ordinary words with it
_SHORTEST_LINE = 16  # characters of one line of a known value with several

_SHORTEST_CODED = 8  # characters of a known value's middle, coded
_SHORTEST_TOKEN = 16  # characters: a shorter one before the host of an address is somebody's name

_NAME = (
    "(?:(?i:pass(?:word|wd|phrase)|secret|token|credentials?|(?:api|access|private|secret|signing)[-_.]?key)"
    "|(?<=_)PASS)"
)
_SECRET_KEY = re.compile(rf"{_NAME}$")

_QUOTED = r"""\\"(?:[^"\\\n]|\\[^"\n])*+\\" | "(?:[^"\\\n]|\\.)*+" | '(?:[^'\\\n]|\\.)*+' """
_BARE = r"""(?! [\[{](?:[\s"'\[{%}\]]|redacted\]) ) (?! \\?["'] )
            (?: [^\s"'\\,;&)\]}>] | [,;&](?!\s|$|[\w.-]{1,40}[=:]) | ["')\]}>](?=[A-Za-z0-9]) | \\(?!["nrt]) )++"""
_ASSIGNED = re.compile(
    rf"""(?P<kept> (?:{_NAME} | (?i:pwd) (?=\\?["']?[ \t]*[=:][ \t]*[^/\s])) \\?["']?  # PWD is a folder
           (?: [ \t]*=[ \t]* | :(?=\S) | [ \t]*:[ \t]+(?![a-z]{{1,16}}+[ ][a-z]) ) )  # "token: expired now" is prose
         (?! \\?["']?(?:null|None|true|false)\b )
         (?: {_QUOTED} | ["'](?:[^"'\\\n]|\\.)++ | {_BARE} )""",
    re.VERBOSE,
)
_OPTION = re.compile(rf"(?P<kept>(?<!-)--[a-z-]{{0,40}}?{_NAME} +)(?![-\[])\S{{1,4096}}")
_HEADER = re.compile(
    r"""(?P<kept> (?i:authorization) ["']? [ ]*[:=][ ]* ["']?
           (?: (?i:bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256) [ ]+ )?+ )
        (?!\[) [^\s"',;]{6,8192}""",
    re.VERBOSE,
)
_SCHEME = re.compile(r"(?P<kept>\b(?i:bearer|basic) +)(?=\S{0,80}?(?:[0-9=]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{8,8192}")
_COOKIE = re.compile(r"(?P<kept>(?i:cookie): *)(?:;? *[^=\s;\[]{1,64}=[^\s;\"']{1,4096}){1,64}")
_WEBHOOK = re.compile(r"(?P<kept>hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9_/-]{8,255}")
_USERINFO = re.compile(r"""(?P<kept>://[^\s:/?#@"']{0,255}:)(?!\[redacted\]@)[^\s/?#"']{1,1024}(?P<end>@)""")
_AS_USER = re.compile(rf"""(?P<kept>\bhttps?://)[^\s:/?#@"'\[]{{{_SHORTEST_TOKEN},1024}}(?P<end>@)""")
_WORDS = re.compile(
    r"(?:^|[\s?&;])password\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s']\S*))", re.IGNORECASE
)
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,512}|xapp-[A-Za-z0-9-]{10,512}"  # Slack
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,255}"  # GitHub, GitLab
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,2048}"  # AWS, Google
    r"|[srp]k_(?:live|test)_[A-Za-z0-9]{16,255}|sk-[A-Za-z0-9_-]{20,255}"  # Stripe and others
    r"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{40,512}"  # package indexes
    r"|eyJ[A-Za-z0-9_-]{6,8192}\.[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{0,4096}"  # a JSON Web Token
    r")"
)
_PEM = re.compile(
    r"""-----BEGIN[ ][A-Z0-9 ]{0,40}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
        (?: [^-]*+(?:-(?!----)[^-]*+)*+ -----END[ ][A-Z0-9 ]{0,40}-----           # whole
          | (?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{16,1024}+(?![^\s\\]))*+ )            # its end was cut off""",
    re.VERBOSE,
)
_PEM_END = re.compile(
    r"(?:^[ \t]*[A-Za-z0-9+/=]++[ \t\r]*\n)++(?P<key>[ \t]*-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----)?",
    re.MULTILINE,
)  # its beginning was cut off
_SHAPES = (_HEADER, _SCHEME, _COOKIE, _WEBHOOK, _USERINFO, _AS_USER, _TOKENS, _OPTION, _ASSIGNED)


class Redactor:
    """Knows the secrets of this process: `values` are the configured ones."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._known = _Known(form for value in values for form in _forms(value.strip()))

    def text(self, text: str) -> str:
        """The text with each secret in it replaced by `[redacted]`, and what can't be stored as text by `?`."""
        text = self._known.hidden(text.encode(errors="replace").decode())
        text = _PEM.sub(HIDDEN, text)
        text = _PEM_END.sub(lambda found: HIDDEN if found["key"] else found[0], text)
        for shape in _SHAPES:
            text = shape.sub(_hide, text)
        return text

    def json(self, value: Any) -> Any:
        """A JSON value with each secret replaced, in keys too; text under a key such as `password` goes whole."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self._key(key): self._under(key, inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.json(inner) for inner in value]
            case _:
                return value

    def said(self, value: Any) -> Any:
        """A value of ours with each secret in its texts replaced."""
        texts = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: self._said(text) for name, text in texts.items()})

    def _said(self, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        if isinstance(value, tuple):
            return tuple(map(self._said, value))
        return self.said(value) if is_dataclass(value) and not isinstance(value, type) else value

    def outcome(self, outcome: Outcome) -> Outcome:
        """What a step answered, with each secret replaced."""
        texts = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
        clean = {name: self.json(value) for name, value in texts.items() if isinstance(value, str | dict)}
        return replace(outcome, **clean)

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key

    def _under(self, key: Any, value: Any) -> Any:
        named = isinstance(key, str) and isinstance(value, str) and _SECRET_KEY.search(key)
        return HIDDEN if named and value else self.json(value)


class _Known:
    """Values to be found in a text: how long that takes does not depend on how many they are.

    A pattern with an alternative for each of some hundred services' addresses takes a second for 64 KiB.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        self._forms = frozenset(form for form in forms if len(form) >= _SHORTEST)
        by_head: dict[str, set[int]] = {}
        for form in self._forms:
            by_head.setdefault(form[:_SHORTEST], set()).add(len(form))
        self._lengths = {head: sorted(lengths, reverse=True) for head, lengths in by_head.items()}

    def hidden(self, text: str) -> str:
        """Each replaced, from the left, the longest that stands there."""
        kept, done = list[str](), 0
        for start in range(len(text)):
            if start < done or (head := text[start : start + _SHORTEST]) not in self._lengths:
                continue
            length = next((n for n in self._lengths[head] if text[start : start + n] in self._forms), 0)
            if length:
                kept += [text[done:start], HIDDEN]
                done = start + length
        return "".join([*kept, text[done:]])


def _hide(found: re.Match[str]) -> str:
    groups = found.groupdict()
    return groups.get("kept", "") + HIDDEN + groups.get("end", "")


def _forms(value: str) -> Iterator[str]:
    """The ways in which a value may stand in a text; an address's password stands alone too."""
    for plain in (value, *passwords(value)):
        yield from (plain, quote(plain, safe=""), quote_plus(plain), json.dumps(plain)[1:-1])
        for coded in _coded(plain.encode()):
            yield from (coded, coded.replace("+", "-").replace("/", "_"))
    if "\n" in value:
        yield from (line for line in map(str.strip, value.splitlines()) if len(line) >= _SHORTEST_LINE)


def _coded(plain: bytes) -> Iterator[str]:
    """In Base64, alone; and what is left of it between others, which depends on where it begins."""
    yield base64.b64encode(plain).decode()
    for before, first in ((0, 0), (1, 2), (2, 3)):  # bytes; the first letter that is its own alone
        middle = base64.b64encode(b" " * before + plain).decode()[first : (before + len(plain)) * 8 // 6]
        if len(middle) >= _SHORTEST_CODED:
            yield middle


def passwords(value: str) -> Iterator[str]:
    """What an address keeps secret: the password, or the token that stands for a user of the web, as it is used."""
    with suppress(ValueError):  # it is no address
        found = urlsplit(value)
        user = found.username if found.scheme in ("http", "https") else None
        token = user if user and len(user) >= _SHORTEST_TOKEN else ""
        if secret := found.password or token:
            yield from {secret, unquote(secret)}
    for words in _WORDS.finditer(value):  # as libpq and others take it
        if words["quoted"] is not None:
            yield re.sub(r"\\(.)", r"\1", words["quoted"])
        else:
            yield from {words["bare"], re.split("[&;]", words["bare"])[0]}
