-- What Slack takes, as all processes have spent it together.
-- %(now)s is the caller's clock where one is injected; null is the database's own.

-- name: hold_budgets
-- These budgets, for us alone until the transaction ends; all processes ask in one order, so none waits for each other.
insert into budgets (name) select unnest(%(names)s::text[]) order by 1
on conflict (name) do update set name = excluded.name
returning name, state::text, extract(epoch from coalesce(%(now)s::timestamptz, clock_timestamp()))::float8;

-- name: keep_budgets
-- What stands in them now.
update budgets set state = kept.state::jsonb
  from unnest(%(names)s::text[], %(states)s::text[]) as kept (name, state)
 where budgets.name = kept.name;
