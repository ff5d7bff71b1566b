"""Every fault of a document says its line, what is wrong and what would be right; all of them at once."""

from textwrap import dedent

import pytest

from runbooks.documents.errors import DocumentError
from tests.documents.reading import faults, read


def block(text: str, *, title: str = "Do it") -> str:
    """A document of one item with this step block; the block's first line is line 3."""
    lines = dedent(text).strip("\n").split("\n")
    return "\n".join([f"- [ ] {title}", "  ```step", *(f"  {line}" for line in lines), "  ```", ""])


def front(text: str) -> str:
    """A document of one item with this front matter, which begins in line 2."""
    return f"---\n{dedent(text).strip()}\n---\n- [ ] Do it\n"


CHECK = "check the colons, quotes and indentation here"
WHOLE_VALUE = (
    "a placeholder is a whole value, never a part of one, and there is only `${params.NAME}`; "
    "make the whole value one parameter"
)
INDENT = "indent it under its item, as deep as the item's words"
NOTHING = "there is nothing to do in this document; write each thing to do as a line `- [ ] words`"

BLOCKS = {
    "uses: migrations.aply": "3: there is no step `migrations.aply`; did you mean `migrations.apply`?",
    "id: x": "3: `uses` is missing; add it",
    "uses: [a]": "3: `uses` can't be a list; it is text, in one line",
    "uses: announce\nchannel: x": "4: unknown key `channel`; known here: nothing",
    "uses: bare\nchannel: x": "4: unknown key `channel`; known here: nothing",
    "uses: command\ncomand: tests": (
        "3: `command` is missing; add it\n4: unknown key `comand`; did you mean `command`?"
    ),
    "uses: wait\nseconds: 0": "4: `seconds` can't be `0`; input should be greater than or equal to 1",
    "uses: wait\nseconds: 1\nreason-gven: x": "5: unknown key `reason-gven`; did you mean `reason-given`?",
    "uses: wait\nseconds: soon": (
        "4: `seconds` can't be `soon`; input should be a valid integer, unable to parse string as an integer"
    ),
    "uses: announce\nid: Not An Id": "4: `id` can't be `Not An Id`; it must match ^[a-z0-9][a-z0-9-]{0,62}$",
    "uses: announce\non-failure: {then: rolback}": (
        "4: `on-failure.then` can't be `rolback`; did you mean `rollback`?"
    ),
    "uses: announce\non-failure: {then: panic}": (
        "4: `on-failure.then` can't be `panic`; known here: `go-on`, `rollback`, `stop`"
    ),
    "uses: announce\non-failure:\n  thn: stop": "5: unknown key `thn` in on-failure; did you mean `then`?",
    "uses: announce\non-failure: stop": (
        "4: `on-failure` can't be `stop`; it is a mapping: `key: value`, a line each"
    ),
    "uses: announce\nuses: confirm": "4: `uses` stands here twice, first in line 3; keep one of them",
    "uses: 'announce": (
        f"4: this is not YAML: found unexpected end of stream while scanning a quoted scalar from line 3; {CHECK}"
    ),
    "uses: announce\n\tid: x": "4: a tab stands in the indentation; indent with spaces",
    "uses: announce\nid: \x07": "4: a character stands here that YAML forbids; remove it",
    "uses: announce\n? [a]\n: b": "4: a key is a list or a mapping; keys are plain words",
    "uses: !!binary aGk=": (
        "3: the tag tag:yaml.org,2002:binary is not known here; write plain text, quoted where need be"
    ),
    "": "2: this step block says nothing; say at least `uses: STEP`",
    "just words": "2: this step block says nothing; say at least `uses: STEP`",
    "uses: command\ncommand: run-${params.x}": f"4: `run-${{params.x}}`: {WHOLE_VALUE}",
    "uses: command\ncommand: ${HOME}": f"4: `${{HOME}}`: {WHOLE_VALUE}",
    "uses: command\ncommand: ${params.x}": "4: there is no parameter `x`; the front matter declares: none",
    "uses: command\ncommand: a\n${params.x}: b": (
        f"5: `${{params.x}}:`: {WHOLE_VALUE}\n5: unknown key `${{params.x}}`; known here: `changes`, `command`"
    ),
}

FRONTS = {
    "severity: |\n  S3\n\n  S4": "2: `severity` can't be `S3 S4`; known here: `S1`, `S2`, `S3`, `S4`",
    'command: a\n"a\\e[31m\\nb": 1': (
        "3: unknown key `a [31m b`; known here: `approvals`, `command`, `id`, `modes`, `parameters`, `purpose`, "
        "`reserves`, `severities`, `severity`, `title`, `when-to-read`"
    ),
    "title: 'a\u2028b\x85c'\ncommand: a\ntitel: x": "4: unknown key `titel`; did you mean `title`?",
    "command: deploy\ntitel: x": "3: unknown key `titel`; did you mean `title`?",
    "id: a\nreservs: [workloads]": "3: unknown key `reservs`; did you mean `reserves`?",
    "id: a\nseverties: {fast: S2}": "3: unknown key `severties`; did you mean `severities`?",
    "id: a\napprovls: none": "3: unknown key `approvls`; did you mean `approvals`?",
    "id: a\nwhen_to_read: now": "3: unknown key `when_to_read`; did you mean `when-to-read`?",
    "id: Not an id": "2: `id` can't be `Not an id`; it must match ^[a-z0-9][a-z0-9-]{0,62}$",
    "severity: S9": "2: `severity` can't be `S9`; known here: `S1`, `S2`, `S3`, `S4`",
    "reserves: [workload]": "2: `reserves[0]` can't be `workload`; did you mean `workloads`?",
    "reserves: workloads": "2: `reserves` can't be `workloads`; it is a list: `- value`, a line each",
    "approvals: nobody": "2: `approvals` can't be `nobody`; known here: `environment`",
    "parameters:\n  a: {type: txt}": "3: `parameters.a.type` can't be `txt`; did you mean `text`?",
    "parameters:\n  a: {patern: x}": "3: unknown key `patern` in parameters.a; did you mean `pattern`?",
    "parameters:\n  a: {pattern: '[a--b]'}": (
        "3: parameters.a.pattern: is no regular expression: Possible set difference at position 2"
    ),
    "parameters:\n  a: {pattern: '['}": (
        "3: parameters.a.pattern: is no regular expression: unterminated character set at position 0"
    ),
    "modes: {fast: Emergency}": ("2: there is no heading `Emergency` with items; name a heading, in its own words"),
    "severities: {fast: S2}": "2: there is no mode `fast`; its modes: nothing",
    "command: [a": (
        "2: this is not YAML: expected ',' or ']', but got '<stream end>' while parsing a flow sequence "
        f"from line 2; {CHECK}"
    ),
    "command: a\ncommand: b": "3: `command` stands here twice, first in line 2; keep one of them",
    "title: 42": "2: `title` can't be `42`; it is text: put it in quotes",
}

WHOLE = {
    "Only words.\n": f"1: {NOTHING}",
    "": f"1: {NOTHING}",
    "- [ ] a\n\n```\nb\n- [ ] c\n": "3: this fence is never closed; close it with a line ```",
    "- [ ] a\n\n  ~~~~ text\n  ~~~\n": "3: this fence is never closed; close it with a line ~~~~",
    "- [ ] a\n\n```step\nuses: announce\n```\n": f"3: this step block belongs to no item; {INDENT}",
    "- a\n  ```step\n  uses: announce\n  ```\n- [ ] b\n": f"2: this step block belongs to no item; {INDENT}",
    "- [ ] a\n\n      ```step\n      uses: announce\n      ```\n": (
        f"3: this step block is indented so deep that it is code; {INDENT}"
    ),
    "- [ ] a\n  ```steps\n  uses: announce\n  ```\n": (
        "2: a fence says `steps`; the word for a step block is `step`"
    ),
    "- [ ] a\n  ```step\n  uses: announce\n  ```\n  ```step\n  uses: confirm\n  ```\n": (
        "5: a second step block stands under one item, the first in line 2; give it an item of its own"
    ),
    "---\ncommand: x\n\n- [ ] a\n": "1: the front matter has no end; close it with a line `---`",
    "- [ ] a\n" + ">" * 70 + " - [ ] b\n": "2: this is nested too deep to be read; make the list flatter",
}


@pytest.mark.parametrize(("text", "expected"), BLOCKS.items())
def test_a_step_block_with_a_fault(text: str, expected: str) -> None:
    assert faults(block(text)) == expected.split("\n")


@pytest.mark.parametrize(("text", "expected"), FRONTS.items())
def test_front_matter_with_a_fault(text: str, expected: str) -> None:
    assert faults(front(text)) == [expected]


@pytest.mark.parametrize(("text", "expected"), WHOLE.items())
def test_a_document_with_a_fault(text: str, expected: str) -> None:
    assert faults(text) == [expected]


@pytest.mark.parametrize(
    "matter",
    [
        "id: intro\nsidebar_label: First\nslug: /x\ndescription: y\ntags: [z]",
        "severtiy: S1\nlayout: post",
        "title: Report\nlabels: bug\nassignees: somebody",
    ],
)
def test_front_matter_of_other_tools_is_left_alone(matter: str) -> None:
    assert read(front(matter)).id == "runbook"


def test_ids_that_are_given_twice() -> None:
    text = block("uses: announce\nid: same") + block("uses: confirm\nid: same")

    assert faults(text) == ["7: the id `same` is that of the item in line 1 too; give one of them another id"]


def test_all_faults_are_told_at_once_in_order() -> None:
    text = "---\nseverity: S9\ncommand: deploy\n---\n" + block("uses: nothing") + "```\n"

    assert [fault.split(":")[0] for fault in faults(text)] == ["2", "7", "9"]


def test_not_utf8() -> None:
    assert faults(b"- [ ] a\n- [ ] caf\xe9\n") == ["2: this is not UTF-8; save the document as UTF-8"]
    assert faults("- [ ] a\n- [ ] \udcff\n") == ["2: a character here can't be stored; save the document as UTF-8"]


def test_too_large() -> None:
    assert faults("- [ ] a\n" * 40_000) == ["1: the document has 312 KiB, more than the 256 that are read; split it"]


def test_yaml_that_explodes_or_never_ends() -> None:
    bomb = "uses: &a [1,1,1,1,1,1,1,1,1]\n" + "\n".join(
        f"k{n}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(9)
    )
    assert faults(block(bomb))[0].endswith("this YAML is too large or too deep; make it smaller")
    assert faults(block("uses: &a [*a]"))[0].endswith("this YAML is too large or too deep; make it smaller")
    assert faults(block("uses: " + "[" * 900)) == ["3: this YAML is nested too deep; make it flatter"]


def test_a_fault_reads_as_a_place_and_two_clauses() -> None:
    with pytest.raises(DocumentError) as caught:
        read("", path="ours/empty.md")

    assert str(caught.value) == f"ours/empty.md:1: {NOTHING}"
