-- How the type writes this text.
select ({value}::{type})::text;
