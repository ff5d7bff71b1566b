-- Values are read and written the same way everywhere, and no statement takes long.
select set_config('datestyle', 'iso, ymd', true), set_config('intervalstyle', 'postgres', true),
       set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),
       set_config('extra_float_digits', '1', true), set_config('xmlbinary', 'base64', true),
       set_config('lc_monetary', 'C', true), set_config('statement_timeout', '20s', true),
       set_config('lock_timeout', '5s', true);
