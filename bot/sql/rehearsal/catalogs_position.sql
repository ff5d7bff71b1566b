-- Where one sequence stands: the last number, and whether it was given away already.
select last_value::text, is_called from {};
