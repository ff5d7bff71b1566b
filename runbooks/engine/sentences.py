"""What is said of a step that did not come to an outcome of its own. Pure."""

from runbooks.runs import todo as t
from runbooks.vocabulary import Failed, InDoubt, Outcome, PlannedStep


def stumbled(step: PlannedStep, cause: Exception) -> Outcome:
    """A fault of ours: what changes the environment is in doubt, the rest has failed."""
    what = f"Opsbot stumbled over an unexpected {type(cause).__name__} in “{step.title}”"
    if step.changes:
        return InDoubt(f"{what}. Whether it was done is not known. Was it?")
    return Failed(f"{what}. Nothing was changed by this step; the log has the details.")


def left(act: t.Todo, step: PlannedStep) -> str:
    """What is left of a step that its holder could not do."""
    if isinstance(act, t.Start):
        return f"“{step.title}” was not done."
    return f"What came of “{step.title}” is not known: look what stands where."
