alter table shifts drop column profile;
drop table policy_profiles;
