-- A tenant's rules for planning: hours of rest, longest week.
create table policy_profiles (
    tenant text not null references tenants (code),
    name text not null,
    rest_hours integer not null default 11 check (rest_hours between 8 and 48),
    longest_week_hours integer not null default 48 check (longest_week_hours between 20 and 60),
    primary key (tenant, name)
);
alter table policy_profiles enable row level security;
alter table policy_profiles force row level security;
create policy policy_profiles_of_tenant on policy_profiles using (tenant = current_setting('app.tenant', true));
alter table shifts add column profile text;
