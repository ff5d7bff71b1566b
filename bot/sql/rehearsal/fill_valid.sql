-- Which of these texts the type takes, and how it writes them; `n` is where they stand in the list.
select n, (v::{type})::text
from unnest({values}::text[]) with ordinality as tried (v, n)
where pg_input_is_valid(v, {name})
order by n;
