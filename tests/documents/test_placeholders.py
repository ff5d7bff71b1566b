"""Parameters: validated before they replace anything, and only as whole values."""

from textwrap import dedent

import pytest

from runbooks.documents.placeholders import BadParameter, bind
from tests.documents.reading import faults, read

TEXT = """\
    ---
    title: Greet
    parameters:
      name: {pattern: "[a-z]+"}
      pause: {type: number}
    ---
    - [ ] Wait
      ```step
      uses: wait
      seconds: ${params.pause}
      reason-given: ${params.name}
      ```
    - [ ] Look
    """


def test_values_take_the_placeholders_place() -> None:
    wait, look = bind(read(TEXT), {"name": "ada", "pause": "5"}).items

    assert wait.step is not None
    assert wait.step.params == {"seconds": "5", "reason-given": "ada"}
    assert look.step is None


def test_a_value_is_never_read_as_a_placeholder() -> None:
    runbook = read(TEXT.replace(', pattern: "[a-z]+"', "").replace('{pattern: "[a-z]+"}', "{}"))

    wait, _ = bind(runbook, {"name": "${params.pause}", "pause": "5"}).items

    assert wait.step is not None
    assert wait.step.params["reason-given"] == "${params.pause}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "ada"}, "Greet needs the parameter pause."),
        ({"name": "ada", "pause": "5", "x": "y"}, "Greet has no parameter x."),
        ({"name": "ADA", "pause": "5"}, "name can't be 'ADA': it is text matching [a-z]+."),
        ({"name": "ada\n", "pause": "5"}, "name can't be 'ada\\n': it is text matching [a-z]+."),
        ({"name": "ada", "pause": "soon"}, "pause can't be 'soon': it is number."),
    ],
)
def test_values_that_do_not_fit(values: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadParameter) as caught:
        bind(read(TEXT), values)

    assert str(caught.value) == sentence


def test_a_rule_over_several_values_waits_until_they_are_known() -> None:
    text = """\
        ---
        parameters: {{name: {{type: text}}}}
        ---
        - [ ] Name it
          ```step
          uses: name
          name: {name}
          prefix: eu-
          ```
        """

    assert read(text.format(name="${params.name}")).items
    assert faults(dedent(text.format(name="us-1"))) == ["6: us-1 does not begin with eu-"]


def test_a_placeholder_excuses_no_unknown_key() -> None:
    text = TEXT.replace("seconds: ${params.pause}", "secnds: ${params.pause}")

    assert faults(dedent(text)) == [
        "9: `seconds` is missing; add it",
        "10: unknown key `secnds`; did you mean `seconds`?",
    ]
