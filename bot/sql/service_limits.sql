-- What a statement may wait for and take, in milliseconds (0 is no limit); an idle transaction ends with its client.
select set_config('lock_timeout', %(lock)s, false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('idle_in_transaction_session_timeout', '30000', false),
       set_config('client_connection_check_interval', %(watch)s, false);
