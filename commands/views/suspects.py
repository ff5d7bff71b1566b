"""What changed in a release that failed, in a few short lines: where people look first."""

from collections.abc import Iterator, Sequence

from commands.views import words
from commands.views.blocks import Block, section
from commands.views.brings import since
from runbooks.suspects import Config, FirstError, Suspects

TITLE = "*What changed in it*"
_SUBJECT, _NAME, _ERROR = 90, 40, 300  # characters
_COMMITS, _CONFIGS, _KEYS, _MIGRATIONS = 2, 3, 4, 4  # that are named


def suspects_blocks(found: Suspects | None) -> list[Block]:
    """A paragraph; nothing where nobody has looked."""
    return [section("\n".join([TITLE, *(f"• {line}" for line in suspects_lines(found))]))] if found else []


def suspects_lines(found: Suspects) -> list[str]:
    """What changed, then what did not in one line, then what went wrong first."""
    return [
        *_commits(found),
        *_migrations(found),
        *_config(found),
        *_nothing(found),
        *_unknown(found),
        *_error(found),
    ]


def _commits(found: Suspects) -> Iterator[str]:
    brings, link = found.commits, f"<{found.compare}|compare>" if found.compare else ""
    if brings is None or not brings.latest:
        if said := since(brings) if brings else "":
            yield " · ".join(filter(None, (said, link)))
        return
    shown, more = brings.latest[:_COMMITS], brings.count - len(brings.latest[:_COMMITS])
    left_out = f"{words.count(brings.back, 'commit')} of the last known good left out" if brings.back else ""
    rest = [f"{words.count(more, 'commit')} more" if more else "", left_out, link]
    for each in shown[:-1]:
        yield f"{words.commit(each.short)} {words.line(each.subject, _SUBJECT)} · {words.line(each.author, _NAME)}"
    last = shown[-1]
    said = f"{words.commit(last.short)} {words.line(last.subject, _SUBJECT)} · {words.line(last.author, _NAME)}"
    yield " · ".join(filter(None, (said, *rest)))


def _migrations(found: Suspects) -> Iterator[str]:
    if names := found.migrations:
        more = len(names) - _MIGRATIONS
        shown = ", ".join(words.line(name, _NAME) for name in names[:_MIGRATIONS])
        yield f"{'Migration' if len(names) == 1 else 'Migrations'} {shown}{f' and {more} more' if more > 0 else ''}"


def _config(found: Suspects) -> Iterator[str]:
    if configs := found.seen.config:
        more = len(configs) - _CONFIGS
        shown = "; ".join(map(_of_config, configs[:_CONFIGS]))
        yield f"{shown[:1].upper()}{shown[1:]}{f'; {more} more' if more > 0 else ''}"


def _of_config(config: Config) -> str:
    at = f" of {words.line(config.workload, _NAME)}" if config.workload else ""
    name = f"{config.kind} {words.line(config.name, 60)}{at}"
    if config.how:
        return f"{name} {config.how}"
    more = len(config.keys) - _KEYS
    keys = ", ".join(words.line(key, 60) for key in config.keys[:_KEYS])
    return f"{name}: {keys}{f' and {more} more' if more > 0 else ''} changed"


def _nothing(found: Suspects) -> Iterator[str]:
    """The kinds in which nothing changed, or nothing is to be seen, in one line."""
    seen, same_commit = found.seen, found.commits is None and not found.no_commits
    none = [
        *(["commit"] if same_commit and not found.of_rollback else []),
        *([] if found.migrations else ["migration"]),
        *([] if seen.config or "config" in seen.unknown else ["config key"]),
        *([f"error in the log of {words.line(seen.error.pod, 90)}"] if seen.error and not seen.error.lines else []),
    ]
    if none:
        yield f"No {', no '.join(none)}"


def _unknown(found: Suspects) -> Iterator[str]:
    """What could not be seen, and why."""
    parts = [
        ("commits", found.no_commits),
        ("config keys", found.seen.unknown.get("config", "")),
        ("the pods' first error", found.seen.unknown.get("pods", "")),
    ]
    reasons: dict[str, list[str]] = {}
    for what, why in parts:
        if why:
            reasons.setdefault(why, []).append(what)
    for why, kinds in reasons.items():
        said = _row(kinds)
        yield f"{said[:1].upper()}{said[1:]} not known: {words.line(why, 200)}"


def _row(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _error(found: Suspects) -> Iterator[str]:
    if (error := found.seen.error) is not None and error.lines:
        yield f"First error, {_where(error)}: {' · '.join(f'“{words.line(line, _ERROR)}”' for line in error.lines)}"


def _where(error: FirstError) -> str:
    return f"{words.line(error.pod, 90)} ({words.line(error.container, 60)})"
