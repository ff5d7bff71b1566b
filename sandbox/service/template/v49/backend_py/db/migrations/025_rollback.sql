alter table policy_profiles rename column week_hours to longest_week_hours;
