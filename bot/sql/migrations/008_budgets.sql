-- What Slack takes, as all processes have spent it together: they share its limits, so they share one line before it.

create table budgets (
  name text not null, -- the method and, of posts, the channel
  state jsonb,        -- null: as new
  constraint budgets_pkey primary key (name),
  constraint budgets_named check (name <> '')
);

grant select, insert, update (name, state) on budgets to opsbot_bot;
