"""Why a table took no row, as a clause; the rows were made up, so nothing of a person's is in it."""

import psycopg
from psycopg import errors

from bot.adapters.service_database.errors import sanitised


def reason(error: psycopg.Error) -> str:
    """What the server said, in the words of the one who reads it."""
    name = error.diag.constraint_name
    match error:
        case errors.CheckViolation() if name:
            return f"none of the values tried passes its check {name}"
        case errors.CheckViolation():
            return "no partition takes any of the rows tried"
        case errors.UniqueViolation() | errors.ExclusionViolation():
            return f"the rows tried do not differ as {name} asks"
        case errors.ForeignKeyViolation():
            return f"{name} leads to no row"
        case errors.NotNullViolation():
            return f"no value was found for its column {error.diag.column_name}"
        case errors.RaiseException():
            return f"a trigger refuses the rows tried: {sanitised(error)}"
        case errors.InsufficientPrivilege():
            return f"the role may not write there: {sanitised(error)}"
    return f"the rows tried are refused: {sanitised(error)}"
