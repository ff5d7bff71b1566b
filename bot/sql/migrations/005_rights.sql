-- The bot's role may do no more than its work.

revoke delete on messages from opsbot_bot;

-- A trigger of that function on a table of one's own, even a temporary one, would pass gates that no event tells of.
revoke execute on function keep_tenant() from public;
