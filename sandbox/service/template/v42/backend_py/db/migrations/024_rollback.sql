drop table tenant_flags;
