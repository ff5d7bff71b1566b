"""Values to try in a column, as PostgreSQL reads them, the plainest first; the server says which it takes. Pure."""

from collections.abc import Callable, Iterator
from itertools import islice

from runbooks.rehearsal.hints import Hints, hints
from runbooks.rehearsal.tables import Make, Type

PLAIN = 10  # values of a type's own that differ from each other
_DEEPEST = 6  # a type made of types made of types
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_WIDE = "A longer text with 'quotes', \"more\" & Ünïcødé, 1 %"
_LONGEST = 400  # characters of a text that fills its column
_SHAPES = (
    *(
        "A",
        "AB",
        "DE",
        "ABC",
        "EUR",
        "abc",
        "en",
        "en-US",
        "abc-1",
        "abc_1",
        "Abc Def",
        "1",
        "42",
        "007",
        "12345",
        "1234567890",
    ),
    *("ada@solvereign.example", "https://solvereign.example/1", "/a/b", "+4915550100", "#a0b1c2", "10.0.0.1"),
    *(
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        "10:00",
        "1.5",
        "v1.2.3",
        "{}",
        "[]",
        "",
        "00000000-0000-4000-8000-000000000001",
    ),
)
_DOCUMENTS = ("{}", '{"a": 1}', "[]", '[{"a": "x"}]', '"text"', "1", "true", "null")
_UNKNOWN = ("1", "a", "(1,1)", "{}", "[1,2,3]", "POINT(1 1)", "2024-01-01", "a=>1", "1.2.3", "0")


def pool(made: Type, hinted: Hints, start: int = 0, *, depth: int = 0) -> list[str]:
    """Texts to try for a column of this type, different from each other; `start` moves on to other plain values.

    `hinted` are what the rules of the column say; what they hint at comes first.
    """
    if depth > _DEEPEST:
        return []
    found = dict.fromkeys(islice(_values(made, hinted, start, depth), 4 * PLAIN + 400))
    return list(found)


def _values(made: Type, hinted: Hints, start: int, depth: int) -> Iterator[str]:
    match made.make:
        case Make.ENUM:
            yield from made.labels
        case Make.DOMAIN:
            assert made.inner is not None  # noqa: S101 # a domain stands on a type
            own = hints(made.checks)
            together = hinted.with_those_of(own)
            yield from pool(made.inner, together, start, depth=depth + 1)
        case Make.ARRAY | Make.MULTIRANGE:
            yield from _many(made, hinted, start, depth)
        case Make.COMPOSITE:
            yield from _composites(made, hinted, start, depth)
        case Make.RANGE:
            yield from _ranges(made, hinted, start)
        case _:
            yield from _base(made, hinted, start)


def _many(made: Type, hinted: Hints, start: int, depth: int) -> Iterator[str]:
    assert made.inner is not None  # noqa: S101 # an array holds a type
    items = pool(made.inner, hinted, start, depth=depth + 1)
    quoted = [_element(item) for item in items] if made.make is Make.ARRAY else items
    if hinted:
        yield from (f"{{{','.join(quoted[:n])}}}" for n in hinted.lengths if 0 < n <= len(quoted))
    yield from (f"{{{item}}}" for item in quoted[:PLAIN])
    yield "{}"
    if len(quoted) > 1:
        yield f"{{{','.join(quoted[:2])}}}"
        yield f"{{{','.join(quoted[:3])}}}"
    yield from (f"{{{item}}}" for item in quoted[PLAIN:])


def _element(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _composites(made: Type, hinted: Hints, start: int, depth: int) -> Iterator[str]:
    pools = [pool(part, hinted, start, depth=depth + 1) for part in made.fields]
    for n in range(max(map(len, pools), default=0)):
        parts = (_element(each[n % len(each)]) if each else "" for each in pools)
        yield f"({','.join(parts)})"
    if not pools:
        yield "()"


def _ranges(made: Type, hinted: Hints, start: int) -> Iterator[str]:
    assert made.inner is not None  # noqa: S101 # a range goes over a type
    plain = _PLAIN.get(_family(made.inner), _text)
    yield from (text for text in hinted.strings if text[:1] in "[(" and text[:1])
    for n in range(start, start + PLAIN):
        yield f'["{plain(made.inner, 2 * n)}","{plain(made.inner, 2 * n + 1)}")'
    yield f'["{plain(made.inner, 2 * (start + PLAIN))}",)'
    yield "empty"


def _base(made: Type, hinted: Hints, start: int) -> Iterator[str]:
    family = _family(made)
    if hinted:
        yield from _hinted(made, family, hinted)
    plain = _PLAIN.get(family)
    if plain is None:
        yield from _UNKNOWN
        return
    values = (plain(made, n) for n in range(start, start + PLAIN))
    yield from islice(values, 2)
    if wide := _WIDE_OF.get(family):
        yield from wide(made)
    yield from values
    if hinted and family == "text":
        yield from _SHAPES
    if family == "json":
        yield from _DOCUMENTS
    if family in ("integer", "number"):
        yield from ("0", "-1", "10", "100", "0.5")


def _hinted(made: Type, family: str, hinted: Hints) -> Iterator[str]:
    yield from hinted.strings
    if family in ("integer", "number", "text", "interval"):
        yield from hinted.numbers
    if family in ("text", "bits", "bytes"):
        for length in hinted.lengths:
            for n in range(3):
                yield _of_length(family, length, n)
    if made.base in ("date", "timestamp", "timestamptz"):
        for year in (int(n) for n in hinted.numbers if n.isdigit() and 1000 <= int(n) <= 9999):  # noqa: PLR2004 # years
            yield f"{year}-06-15"
            yield f"{year}-01-01"


def _of_length(family: str, length: int, n: int) -> str:
    if family == "bits":
        return f"{n:b}".zfill(length)[-length:] if length else ""
    if family == "bytes":
        return "\\x" + f"{n:02x}".rjust(2 * length, "0")[-2 * length :] if length else "\\x"
    return ("abcdefghij"[n] + "x" * length)[:length]


def _text(made: Type, n: int) -> str:
    if made.length and made.length < len("text 10"):
        word = ""
        while n >= 0:
            word, n = _ALPHABET[n % len(_ALPHABET)] + word, n // len(_ALPHABET) - 1
        return word
    return f"text {n + 1}"


def _wide_text(made: Type) -> tuple[str, ...]:
    if not made.length:
        return (_WIDE,)
    return ((_WIDE * 10)[: made.length],) if made.length <= _LONGEST else (_WIDE,)


def _number(made: Type, n: int) -> str:
    whole, after = made.digits
    room = whole - after
    if made.digits != (0, 0) and room <= 0:  # only digits after the point
        return f"0.{'0' * (after - whole)}{(n + 1) % 10}"
    return str((n + 1) % 10**room) if made.digits != (0, 0) else str(n + 1)


def _wide_number(made: Type) -> tuple[str, ...]:
    whole, after = made.digits
    if made.digits == (0, 0):
        return ("12345.6789",)
    return (f"{'9' * min(max(whole - after, 0), 6) or '0'}{'.' + '5' * after if after > 0 else ''}",)


def _wide_integer(made: Type) -> tuple[str, ...]:
    return ({"int2": "300", "int4": "70000", "int8": "3000000000"}.get(made.base, "70000"),)


def _day(n: int) -> str:
    year, rest = divmod(n, 336)
    return f"{2024 + year}-{rest // 28 + 1:02}-{rest % 28 + 1:02}"


def _clock(n: int) -> str:
    return f"{8 + n // 60 % 12:02}:{n % 60:02}:00"


def _bits(made: Type, n: int) -> str:
    return f"{n + 1:b}".zfill(made.length)[-made.length :] if made.length else f"{n + 1:b}"


def _shape(text: str) -> "Callable[[Type, int], str]":
    return lambda _, n: text.replace("?", str(n + 1))


_FAMILIES = {
    "text": ("text", "varchar", "bpchar", "name", "char", "citext"),
    "integer": ("int2", "int4", "int8", "oid", "xid", "xid8", "cid"),
    "number": ("numeric", "float4", "float8", "money"),
    "json": ("json", "jsonb"),
    "bits": ("bit", "varbit"),
    "bytes": ("bytea",),
    "interval": ("interval",),
}
_FAMILY = {base: family for family, bases in _FAMILIES.items() for base in bases}


def _family(made: Type) -> str:
    while made.make is Make.DOMAIN and made.inner is not None:
        made = made.inner
    return _FAMILY.get(made.base, made.base)


_PLAIN: dict[str, Callable[[Type, int], str]] = {
    "text": _text,
    "integer": lambda _, n: str(n + 1),
    "number": _number,
    "bits": _bits,
    "json": _shape('{"number": ?}'),
    "bytes": lambda _, n: f"\\x{n + 1:04x}",
    "interval": lambda _, n: f"{n + 1} days 02:00:00",
    "bool": lambda _, n: ("true", "false")[n % 2],
    "date": lambda _, n: _day(n),
    "time": lambda _, n: _clock(n),
    "timetz": lambda _, n: f"{_clock(n)}+00",
    "timestamp": lambda _, n: f"{_day(n)} 10:00:00",
    "timestamptz": lambda _, n: f"{_day(n)} 10:00:00+00",
    "uuid": lambda _, n: f"{n + 1:08x}-0000-4000-8000-{n + 1:012x}",
    "inet": lambda _, n: f"10.0.{n // 256 % 256}.{n % 256}",
    "cidr": lambda _, n: f"10.{n // 256 % 256}.{n % 256}.0/24",
    "macaddr": lambda _, n: f"02:00:00:00:{n // 256 % 256:02x}:{n % 256:02x}",
    "macaddr8": lambda _, n: f"02:00:00:00:00:00:{n // 256 % 256:02x}:{n % 256:02x}",
    "xml": _shape("<made>?</made>"),
    "jsonpath": _shape("$.a?"),
    "tsvector": _shape("'word?':1"),
    "tsquery": _shape("'word?'"),
    "point": _shape("(?,?)"),
    "line": _shape("{1,-1,?}"),
    "lseg": _shape("[(0,0),(?,?)]"),
    "box": lambda _, n: f"({2 * n + 1},1),({2 * n},0)",
    "path": _shape("((0,0),(?,1))"),
    "polygon": _shape("((0,0),(?,0),(?,?))"),
    "circle": _shape("<(?,0),1>"),
    "pg_lsn": _shape("0/?"),
    "tid": _shape("(0,?)"),
    "txid_snapshot": lambda _, n: f"{n + 1}:{n + 1}:",
    "pg_snapshot": lambda _, n: f"{n + 1}:{n + 1}:",
    "int2vector": _shape("1 ?"),
    "oidvector": _shape("1 ?"),
    "regclass": lambda _, n: ("pg_class", "pg_type", "pg_proc", "pg_attribute")[n % 4],
    "regtype": lambda _, n: ("text", "integer", "boolean", "uuid")[n % 4],
    "regproc": lambda _, n: (
        ("now", "lower", "upper")[n % 3] if n % 3 == 0 else f"pg_catalog.{('version', 'pi')[n % 2]}"
    ),
    "regprocedure": lambda _, n: ("lower(text)", "upper(text)", "now()")[n % 3],
    "regnamespace": lambda _, n: ("pg_catalog", "information_schema")[n % 2],
    "regrole": lambda _, n: ("pg_monitor", "pg_read_all_stats")[n % 2],
    "regoper": lambda _, n: ("pg_catalog.||/", "pg_catalog.|/")[n % 2],
    "regoperator": lambda _, n: ("+(integer,integer)", "-(integer,integer)")[n % 2],
    "regconfig": lambda _, n: ("simple", "english")[n % 2],
    "regdictionary": lambda _, n: ("simple", "english_stem")[n % 2],
    "regcollation": lambda _, n: ('"C"', '"POSIX"')[n % 2],
    "refcursor": _shape("cursor ?"),
    "aclitem": lambda _, n: ("=r/", "=w/")[n % 2] + "pg_monitor",
}
_WIDE_OF: dict[str, Callable[[Type], tuple[str, ...]]] = {
    "text": _wide_text,
    "number": _wide_number,
    "integer": _wide_integer,
    "interval": lambda _: ("1 year 2 months 3 days 04:05:06.789",),
    "timestamp": lambda _: ("2031-12-31 23:59:59.999999",),
    "timestamptz": lambda _: ("2031-12-31 23:59:59.999999+00",),
    "date": lambda _: ("2031-12-31",),
    "json": lambda _: ('{"list": [1, null, {"deep": "Ünïcødé"}], "number": 12345678901234.5}',),
    "bytes": lambda _: ("\\x00ff00275c",),
    "uuid": lambda _: ("ffffffff-ffff-4fff-bfff-ffffffffffff",),
}
