-- Why Slack would not take a message: whoever waits for it must be able to say so.

alter table messages add column refused text not null default ''; -- Slack's own code; '': not refused, or not any more

grant update (refused) on messages to opsbot_bot;
