-- Values for columns that rules tie together: what passes all of them, by place in each list.
select {places}
from (select * {generated} from {sources}) as made
where {rules}
order by {order}
limit {limit};
