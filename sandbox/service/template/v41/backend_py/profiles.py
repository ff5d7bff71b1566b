"""How a tenant's rules for planning are called in the database."""

LONGEST_WEEK = "longest_week_hours"
