insert into {table} ({columns}) overriding system value values ({values});
