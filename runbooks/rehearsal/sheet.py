"""What is written down of one migration while it is rehearsed, and the judgement in the end. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runbooks.rehearsal import sentences
from runbooks.rehearsal.blame import Blame, Fault, blame, not_again, sets_position
from runbooks.rehearsal.catalogs import differences
from runbooks.rehearsal.losses import Extra, Loss
from runbooks.rehearsal.scratch import Pair, RehearsalFailed
from runbooks.rehearsal.things import POSITION, Difference, Fingerprint
from runbooks.rehearsal.verdict import Failure, Finding, Judged, MeasuredLoss, Ruling, Untried

AGAIN = "up again"


@dataclass
class Sheet:
    """One migration in one turn, with or without rows."""

    pair: Pair
    with_rows: bool
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    losses: list[MeasuredLoss] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    untried: dict[str, Untried] = field(default_factory=dict)  # by table
    skipped: str = ""  # the migration before that did not get through, so that it did not come to this one

    @property
    def up(self) -> str:
        """The migration's file."""
        return self.pair.up.name

    @property
    def back(self) -> str:
        """The way back's file; where there is none, the name it should have."""
        return self.pair.back.name if self.pair.back else f"{self.up.partition('_')[0]}_rollback.sql"

    def compare(self, before: Fingerprint, after: Fingerprint, between: Fingerprint, *, notes: bool = True) -> None:
        """Write down what is not as before; `between` is what stood before the way back."""
        for difference in differences(before, after):
            found: Blame | None = blame(difference, self.pair, between)
            if found and difference.note:
                found = self._on_purpose(difference, before, found)
            if found:
                self.find(difference, found)
            elif notes:
                self.notes[sentences.note(difference, self.back)] = None

    def compare_again(self, first: Fingerprint, second: Fingerprint) -> None:
        """Write down what the way forward did otherwise the second time; where the way back differs, that says it."""
        if not self.findings:
            for difference in differences(first, second):
                if not difference.note:
                    self.find(difference, not_again(difference, self.pair.up))

    def _on_purpose(self, difference: Difference, before: Fingerprint, found: Blame) -> Blame | None:
        """A sequence that stands further on is a mere gap, unless a script put it there."""
        if set(difference.facts) != {POSITION}:
            return None
        owner = before.things[difference.thing].get("owned by", "")
        place = sets_position((self.pair.up, self.pair.back), difference.thing, owner)
        return replace(found, cause=place[0], line=place[1]) if place else None

    def find(self, difference: Difference, found: Blame) -> None:
        """Write down one difference, once."""
        thing = difference.thing
        script = self.up if found.fault is Fault.NOT_AGAIN else self.back
        told = sentences.finding(difference, found, up=self.up, back=self.back)
        place = f"{found.cause}:{found.line}" if found.line else found.cause
        self.findings.setdefault(
            (thing.label, thing.on),
            Finding(
                fault=found.fault,
                mark=difference.mark,
                kind=thing.kind,
                name=sentences.short(thing.name),
                on=sentences.where(thing.on),
                script=script,
                cause=place,
                sentence=told,
                facts=difference.facts,
            ),
        )

    def fail(self, cause: RehearsalFailed, turn: str, stands: Iterable[Difference] = ()) -> None:
        """Write down a file that failed, and what stands of it."""
        half = tuple(sentences.half(each) for each in stands)
        told = sentences.failure(cause, turn, half, with_rows=self.with_rows)
        self.failures.append(Failure(cause.name, cause.line, cause.error, turn, self.with_rows, half, told))

    def lose(self, lost: Iterable[Loss], extra: Iterable[Extra]) -> None:
        """Write down what rows lost."""
        renamed = {label for (label, _), each in self.findings.items() if "name" in each.facts}
        for each in lost:
            if f"table {each.table}" in renamed:
                continue
            told = sentences.loss(each, self.back)
            self.losses.append(MeasuredLoss(each.table, each.rows, each.gone, each.columns, each.since, told))
        for more in extra:
            self.notes[sentences.added(more, self.back)] = None

    def not_filled(self, unfilled: Mapping[str, str]) -> None:
        """Write down which tables had to stay empty."""
        for table, why in unfilled.items():
            self.untried[table] = Untried(table, why, sentences.unfilled(table, why, self.back))

    def compared_in_part(self, tables: Iterable[str]) -> None:
        """Write down which tables had more rows than are compared."""
        for table in tables:
            self.untried.setdefault(table, Untried(table, "", sentences.in_part(table, self.back)))

    def look_at_indexes(self, before: Fingerprint, between: Fingerprint) -> None:
        """Write down which indexes the way forward leaves that nobody can use."""
        for thing, facts in between.things.items():
            if thing.kind == "index" and facts.get("valid") == "no" and thing not in before.things:
                self.notes[sentences.not_valid(thing, self.up)] = None


def judged(empty: Sheet, filled: Sheet) -> Judged:
    """Both turns of one migration, together."""
    failures = [*empty.failures]
    known = {(each.script, each.line, each.turn) for each in failures}
    failures += [each for each in filled.failures if (each.script, each.line, each.turn) not in known]
    findings = {**filled.findings, **empty.findings}
    notes = [*empty.notes, *(note for note in filled.notes if note not in empty.notes)]
    if stopper := empty.skipped or filled.skipped:
        notes.append(sentences.skipped(empty.up, stopper, with_rows=not empty.skipped))
    both = Judged(
        migration=empty.up,
        back=empty.pair.back.name if empty.pair.back else "",
        ruling=Ruling.PROVEN,
        findings=tuple(findings.values()),
        failures=tuple(failures),
        losses=tuple(filled.losses),
        notes=tuple(notes),
        untried=tuple(filled.untried.values()),
        missing="" if empty.pair.back else sentences.missing(empty.up, empty.back, len(findings)),
    )
    return replace(both, ruling=_ruling(both, is_tried=not (empty.skipped or filled.skipped)))


def _ruling(found: Judged, *, is_tried: bool) -> Ruling:
    if not found.back:
        return Ruling.MISSING
    grave = [each for each in found.failures if not (each.turn == AGAIN and found.findings)]
    if any(not each.with_rows for each in grave):
        return Ruling.FAILS
    if found.findings:
        return Ruling.DIFFERS
    if grave:
        return Ruling.ONLY_EMPTY
    if not is_tried:
        return Ruling.UNTRIED
    return Ruling.BUT_FOR if found.losses or found.untried else Ruling.PROVEN
