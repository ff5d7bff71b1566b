drop table shifts;
