alter table {table} {how} row level security;
