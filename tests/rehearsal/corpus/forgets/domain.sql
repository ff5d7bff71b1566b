-- A domain's rule is widened, an attribute is added to a composite type.
-- ruling: differs
-- finds: changed constraint email_has_at on domain email (definition, validated), leaves by 024_mail.sql:2
-- file: 024_mail.sql
alter domain email drop constraint email_has_at;
alter domain email add constraint email_has_at check (value ~ '@') not valid;
alter type address add attribute zip text;
-- file: 024_rollback.sql
alter type address drop attribute zip;
