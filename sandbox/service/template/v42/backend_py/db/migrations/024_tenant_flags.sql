-- Features switched on for one tenant at a time.
create table tenant_flags (
    tenant text not null references tenants (code),
    flag text not null,
    enabled boolean not null default false,
    primary key (tenant, flag)
);
alter table tenant_flags enable row level security;
alter table tenant_flags force row level security;
create policy tenant_flags_of_tenant on tenant_flags using (tenant = current_setting('app.tenant', true));
