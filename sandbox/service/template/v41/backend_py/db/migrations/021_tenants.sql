-- Tenants; everything else belongs to one. The application says whose rows it wants: set app.tenant = 'acme'.
create table tenants (
    code text primary key check (code ~ '^[a-z0-9-]{2,40}$'),
    name text not null,
    created_at timestamptz not null default now()
);
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenants_of_tenant on tenants using (code = current_setting('app.tenant', true));
