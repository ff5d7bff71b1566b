-- The rows of a table, each value as its digest.
select {digests} from {table} limit {limit};
