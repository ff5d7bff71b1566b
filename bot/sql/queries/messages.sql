-- Messages in Slack: what is meant to stand there, and what does.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

-- name: messages_of
-- The messages that a stream has in Slack, or is about to have.
select key, channel, ts, thread_ts, body, posted_at, intended_at, refused
  from messages where stream = %(stream)s order by intended_at, key;

-- name: intend_message
-- Written before a post; once is enough.
insert into messages (key, stream, channel, thread_ts, body, intended_at)
values (%(key)s, %(stream)s, %(channel)s, %(thread_ts)s, %(body)s, coalesce(%(now)s::timestamptz, clock_timestamp()))
on conflict (key) do nothing;

-- name: message_posted
-- Slack has it, with this body; the time is that of the first post.
update messages
   set ts = %(ts)s, body = %(body)s, refused = '',
       posted_at = coalesce(posted_at, %(now)s::timestamptz, clock_timestamp())
 where key = %(key)s;

-- name: messages_lost
-- They do not stand in Slack any more.
update messages set ts = null, posted_at = null where key = any(%(keys)s);

-- name: message_refused
-- Slack would not take it.
update messages set refused = %(why)s where key = %(key)s;
