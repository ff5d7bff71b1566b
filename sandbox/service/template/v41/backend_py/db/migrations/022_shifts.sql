-- Shifts to be filled, by tenant and site.
create table shifts (
    id bigint generated always as identity primary key,
    tenant text not null references tenants (code),
    site text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    constraint shifts_end_after_start check (ends_at > starts_at)
);
create index shifts_by_tenant_and_start on shifts (tenant, starts_at);
alter table shifts enable row level security;
alter table shifts force row level security;
create policy shifts_of_tenant on shifts using (tenant = current_setting('app.tenant', true));
