"""A round is drawn from its seed, and a hundred of them meet everything that can be drawn."""

from tests.rollbacks.course import LENGTH, Course, Edit, Kind

HUNDRED = [Course.of(seed) for seed in range(1, 101)]


def test_a_seed_is_the_same_round_again() -> None:
    assert [Course.of(seed) for seed in range(1, 101)] == HUNDRED
    assert len({course.back_at for course in HUNDRED}) == len(HUNDRED)


def test_a_hundred_rounds_have_everything() -> None:
    assert {course.kind for course in HUNDRED} == set(Kind)
    assert {course.edit for course in HUNDRED} == {None, *Edit}
    assert {course.keeps for course in HUNDRED if course.edit} == {True, False}
    for quarter in range(4):  # of the deploy's length
        assert any(quarter <= course.back_at / LENGTH * 4 < quarter + 1 for course in HUNDRED)
    edited = [course for course in HUNDRED if course.edit]
    assert any(course.edit_at < course.back_at for course in edited)
    assert any(course.edit_at > course.back_at for course in edited)


def test_the_five_of_the_suite_have_a_foreign_edit_and_two_kinds_of_releases() -> None:
    five = HUNDRED[:5]
    assert any(course.edit for course in five)
    assert len({course.kind for course in five}) > 1
