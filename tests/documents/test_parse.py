"""What a document says: phases, items, step blocks, front matter, modes."""

from runbooks.documents.runbook import Kind, Parameter, StepBlock
from runbooks.vocabulary import OnFailure, Severity, Then
from tests.documents.reading import read

DEPLOY = """\
    ---
    id: ship
    title: Ship it
    command: deploy
    severity: S2
    parameters:
      version: {type: version, description: which}
      ticket: {pattern: "OPS-[0-9]+"}
    reserves: [workloads, database]
    ---
    # How we ship

    Read this first.

    ## Deploy

    - [ ] Apply *migrations* in `order`

      They are numbered.

      ```step
      id: migrations
      uses: migrations.apply
      on-failure: {finding: deploy-failed, then: rollback}
      ```
    - [ ] Run the smoke tests
      ```step
      uses: command
      command: smoke
      ```
      - [ ] Look at the dashboard
    """


def test_front_matter_says_what_it_is() -> None:
    runbook = read(DEPLOY)

    assert (runbook.id, runbook.title, runbook.command) == ("ship", "Ship it", "deploy")
    assert runbook.severity is Severity.S2
    assert runbook.reserves == ("workloads", "database")
    assert runbook.approvals == "environment"
    assert runbook.parameters == (
        Parameter("version", type=Kind.VERSION, description="which"),
        Parameter("ticket", pattern="OPS-[0-9]+"),
    )


def test_purpose_and_when_to_read_and_the_text_as_it_is_read() -> None:
    runbook = read("---\npurpose: Coffee\nwhen-to-read: >\n  In the\n  morning\n---\n# Brew\n- [ ] Grind\n")

    assert (runbook.purpose, runbook.when_to_read) == ("Coffee", "In the morning")
    assert runbook.text.splitlines()[6:] == ["# Brew", "- [ ] Grind"]
    assert set(runbook.text.splitlines()[:6]) == {""}


def test_headings_are_phases_and_keep_their_words() -> None:
    intro, deploy = read(DEPLOY).phases

    assert (intro.title, intro.text, intro.items) == ("How we ship", "Read this first.", ())
    assert (deploy.title, deploy.line, deploy.under) == ("Deploy", 15, ("How we ship", "Deploy"))


def test_items_have_titles_ids_lines_and_details() -> None:
    items = read(DEPLOY).items

    assert [(item.id, item.title, item.line) for item in items] == [
        ("migrations", "Apply migrations in order", 17),
        ("run-the-smoke-tests", "Run the smoke tests", 26),
        ("look-at-the-dashboard", "Look at the dashboard", 31),
    ]
    assert items[0].detail == "They are numbered."


def test_a_block_says_what_does_the_item() -> None:
    migrations, smoke, look = read(DEPLOY).items

    assert migrations.step == StepBlock("migrations.apply", {}, OnFailure("deploy-failed", Then.ROLLBACK), line=21)
    assert smoke.step == StepBlock("command", {"command": "smoke"}, OnFailure(None, Then.STOP), line=27)
    assert (look.step, look.uses) == (None, "confirm")


def test_a_document_without_front_matter_is_named_after_its_heading_and_file() -> None:
    runbook = read("# Move the office\n- [ ] Pack\n", path="some/where/Office Move.md")

    assert (runbook.id, runbook.title, runbook.command) == ("office-move", "Move the office", "")
    assert runbook.severity is Severity.S3


def test_items_before_any_heading_stand_in_a_phase_named_after_the_title() -> None:
    runbook = read("- [ ] Pack\n\n## Later\n- [ ] Unpack\n\n## Last\n- [ ] Sleep", path="move.md")

    assert [(phase.title, len(phase.items)) for phase in runbook.phases] == [("move", 1), ("Later", 1), ("Last", 1)]


def test_what_stands_before_the_documents_heading_belongs_under_it() -> None:
    (phase,) = read("Hello.\n- [ ] Zero\n\n# All of it\n\nThere.\n- [ ] One\n").phases

    assert (phase.title, phase.text) == ("All of it", "Hello.\n\nThere.")
    assert [item.title for item in phase.items] == ["Zero", "One"]


def test_ids_that_are_given_stand_and_the_others_keep_out_of_their_way() -> None:
    runbook = read("""\
        - [ ] Check
        - [ ] Check
        - [ ] Something else
          ```step
          id: check
          uses: wait
          seconds: 5
          ```
        - [ ] Check 2
        - [ ] ...
        """)

    assert [item.id for item in runbook.items] == ["check-2", "check-3", "check", "check-2-2", "item-5"]


def test_phases_of_one_title_are_told_apart() -> None:
    runbook = read("## Verify\n- [ ] a\n## Verify (2)\n- [ ] b\n## Verify\n- [ ] c\n")

    assert [phase.title for phase in runbook.phases] == ["Verify", "Verify (2)", "Verify (3)"]


def test_the_digest_is_of_the_text() -> None:
    one, other = read("- [ ] a\n"), read("- [ ] a \n")

    assert one.digest == read("- [ ] a\n").digest
    assert len(one.digest) == 64
    assert one.phases == other.phases
    assert one.digest != other.digest


def test_a_mode_is_the_part_under_its_heading() -> None:
    runbook = read("""\
        ---
        id: back
        severity: S2
        modes: {fast: Emergency, slow: At leisure}
        severities: {slow: S4}
        ---
        # Back
        - [ ] Read
        ## Emergency
        ### Pods
        - [ ] Restore
        ### People
        - [ ] Tell
        ## At leisure
        - [ ] Think
        """)

    assert [item.id for item in runbook.items] == ["read", "restore", "tell", "think"]
    assert [item.id for item in runbook.mode("fast").items] == ["restore", "tell"]
    assert [item.id for item in runbook.mode("slow").items] == ["think"]
    assert (runbook.mode("slow").id, runbook.mode("slow").title) == ("back/slow", "At leisure")
    assert (runbook.mode("fast").severity, runbook.mode("slow").severity) == ("S2", "S4")
    assert runbook.runs == runbook.mode("fast")


def test_a_document_without_modes_runs_whole() -> None:
    runbook = read("- [ ] a\n")

    assert runbook.runs is runbook


def test_yaml_has_no_traps() -> None:
    (item,) = read("""\
        - [ ] Run
          ```step
          uses: command
          command: no
          changes: true
          ```
        """).items

    assert item.step is not None
    assert item.step.params == {"command": "no", "changes": True}


def test_a_placeholder_may_stand_where_a_number_is_wanted() -> None:
    (item,) = read("""\
        ---
        parameters: {pause: {type: number}}
        ---
        - [ ] Wait
          ```step
          uses: wait
          seconds: ${params.pause}
          ```
        """).items

    assert item.step is not None
    assert item.step.params == {"seconds": "${params.pause}"}


def test_what_stands_under_an_items_own_bullets_belongs_to_the_item() -> None:
    (item,) = read("""\
        - [ ] Restart
          - one by one

            ```step
            uses: announce
            ```
          - after a pause
        """).items

    assert item.uses == "announce"
    assert item.detail == "- one by one\n\n- after a pause"


def test_a_heading_inside_an_item_is_text() -> None:
    (phase,) = read("# Move\n- [ ] Pack\n\n  ## Boxes\n\n  Small ones.\n- [ ] Load\n").phases

    assert [item.title for item in phase.items] == ["Pack", "Load"]
    assert phase.items[0].detail == "## Boxes\n\nSmall ones."


def test_a_table_is_kept_as_it_is_written() -> None:
    (phase,) = read("| a | b |\n|---|---|\n| [ ] c | d |\n\n- [ ] Read the table\n").phases

    assert phase.text == "| a | b |\n|---|---|\n| [ ] c | d |"


def test_titles_have_no_control_characters() -> None:
    (item,) = read("- [ ] Ring the \x07bell \x1b[31mnow\x85\n").items

    assert item.title == "Ring the bell [31mnow"
