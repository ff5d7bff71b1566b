-- The longest week is what everybody calls it: the hours of a week.
alter table policy_profiles rename column longest_week_hours to week_hours;
