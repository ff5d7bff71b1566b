"""How a tenant's rules for planning are called in the database."""

LONGEST_WEEK = "week_hours"
