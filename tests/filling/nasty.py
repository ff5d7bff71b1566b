"""Hand-picked schemas that are hard to make rows for."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Nasty:
    """`rows`: how many each table gets. `why`: what is said of a table that gets none."""

    name: str
    schema: str
    rows: dict[str, int] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


NASTY = [
    Nasty("a plain table", "create table t (id int primary key, note text)", {"t": 4}),
    Nasty("no column", "create table t ()", {"t": 4}),
    Nasty("nothing to write", "create table t (id bigserial primary key)", {"t": 4}),
    Nasty("identity", "create table t (id int generated always as identity primary key, n int not null)", {"t": 4}),
    Nasty(
        "every built-in type",
        """create table t (a bool, b int2, c int4, d int8, e numeric(5,2), f float4, g float8, h money, i text,
           j varchar(3), k char(2), l name, m "char", n bytea, o date, p time(3), q timetz, r timestamp(0),
           s timestamptz, t interval day to second(2), u uuid, v json, w jsonb, x xml, y inet, z cidr, aa macaddr,
           ab macaddr8, ac bit(5), ad varbit(7), ae point, af line, ag lseg, ah box, ai path, aj polygon, ak circle,
           al tsvector, am tsquery, an int4range, ao int8range, ap numrange, aq tsrange, ar tstzrange, "as" daterange,
           at int4multirange, au datemultirange, av oid, aw regclass, ax pg_lsn, ay jsonpath, az xid8, ba int[],
           bb text[][], bc numeric(3,1)[], bd int4range[], be regtype, bf tid, bg pg_snapshot)""",
        {"t": 4},
    ),
    Nasty(
        "every built-in type, not null",
        """create table t (a bool not null, b int2 not null, e numeric(2,2) not null, k char(1) not null,
           m "char" not null, n bytea not null, t interval year not null, v json not null,
           z cidr not null, ac bit(1) not null, af line not null, at int4multirange not null, ay jsonpath not null,
           be regrole not null, bb text[] not null, bc varbit(2)[] not null, bd numeric(4,-2) not null)""",
        {"t": 4},
    ),
    Nasty(
        "everything unique",
        """create table t (a int2 unique not null, b char(1) unique not null, c date unique not null,
           d uuid unique not null, e inet unique not null, f numeric(1,0) unique not null, g bytea unique not null,
           h bit(2) unique not null, i text[] unique not null, j int4range unique not null)""",
        {"t": 4},
    ),
    Nasty("a boolean key", "create table t (one boolean primary key default true check (one), n int)", {"t": 1}),
    Nasty(
        "enum, domain, composite",
        """create type mood as enum ('sad', 'ok', 'happy');
           create domain postcode as varchar(5) check (value ~ '^[0-9]{5}$') not null;
           create type place as (street varchar(10), code postcode, moods mood[]);
           create table t (m mood not null unique, p postcode, pl place not null, ps place[], c postcode[])""",
        {"t": 3},
    ),
    Nasty(
        "domains on domains",
        """create domain d1 as int check (value > 100); create domain d2 as d1 check (value < 110);
           create domain words as text[] check (cardinality(value) = 3);
           create table t (a d2 unique not null, w words not null)""",
        {"t": 4},
    ),
    Nasty(
        "checks on text",
        """create table t (a text not null check (a ~ '^[A-Z]{2}-[0-9]{3}$') unique,
           b text not null check (b in ('draft', 'live')), c text not null check (length(c) = 7),
           d text not null check (d like 'inv_%'),
           e text not null check (e ~* '^[^@]+@[^@]+[.][a-z]+$' and e = lower(e)),
           f text not null check (f <> '' and f = upper(f)),
           g text check (char_length(g) between 20 and 30) not null)""",
        {"t": 4},
    ),
    Nasty(
        "checks on numbers",
        """create table t (a int not null check (a between 1000 and 1003) unique,
           b numeric not null check (b > 0 and b < 1),
           c int not null check (c % 7 = 3), d float8 not null check (d >= 99.5 and d <= 99.9),
           e smallint not null check (e in (-5, -7)))""",
        {"t": 4},
    ),
    Nasty(
        "checks over several columns",
        """create table t (starts date not null, ends date not null, low int not null, high int not null,
           mid int not null,
           check (starts < ends), check (low < mid and mid < high), check (ends < date '2024-03-01'),
           a int, b int, check (num_nonnulls(a, b) = 1),
           kind text not null check (kind in ('card', 'bank')), card text, iban text,
           check ((kind = 'card') = (card is not null)), check ((kind = 'bank') = (iban is not null)))""",
        {"t": 4},
    ),
    Nasty(
        "checks on documents",
        """create table t (a jsonb not null check (jsonb_typeof(a) = 'array'), b jsonb not null check (b ? 'version'),
           c jsonb not null check (jsonb_typeof(c -> 'items') is null), d int[] not null check (array_length(d,
           1) = 2),
           e json not null check (json_typeof(e) = 'object'))""",
        {"t": 4},
    ),
    Nasty(
        "checks by a function",
        """create function is_even(n int) returns bool immutable language sql as 'select n % 2 = 0';
           create table t (a int not null unique check (is_even(a)), b int not null check (100 / b > 3))""",
        {"t": 4},
    ),
    Nasty(
        "a check on generated columns",
        """create table t (a int not null, b int not null, total int generated always as (a * b) stored
           check (total > 20), code text not null,
           lower_code text generated always as (lower(code)) stored unique)""",
        {"t": 4},
    ),
    Nasty("a check nothing passes", "create table t (a int check (false))", why={"t": "check t_check"}),
    Nasty(
        "an impossible digest",
        "create table t (a text not null check (md5(a) = 'no digest'))",
        why={"t": "none of the values tried passes its check t_a_check"},
    ),
    Nasty(
        "a check that breaks the others' solving",
        "create table t (a text not null check (a::int > 3 and length(a) = 2))",
        {"t": 4},
    ),
    Nasty(
        "expression and partial indexes",
        """create table t (a text not null, b int, gone timestamptz);
           create unique index on t (lower(a)) where gone is null;
           create unique index on t ((b % 10)); create unique index on t (a, b) nulls not distinct""",
        {"t": 4},
    ),
    Nasty(
        "nulls not distinct",
        "create table t (a int unique nulls not distinct, b text)",
        {"t": 4},
    ),
    Nasty(
        "exclusion",
        """create table t (room int not null, during tsrange not null, exclude using gist (during with &&));
           create table u (a int4range, exclude using gist (a with &&))""",
        {"t": 4, "u": 4},
    ),
    Nasty(
        "keys over several columns",
        """create table p (a int, b text, primary key (a, b)); create table t (a int not null, b text not null, n int,
           foreign key (a, b) references p, primary key (a, b, n), unique (n, b))""",
        {"p": 4, "t": 4},
    ),
    Nasty(
        "one to one",
        "create table p (id int primary key); create table t (id int primary key references p)",
        {"p": 4, "t": 4},
    ),
    Nasty(
        "references that share a column",
        """create table tenant (id int primary key); create table usr (tenant int references tenant, id int,
           primary key (tenant, id)); create table doc (tenant int not null references tenant, owner int not null,
           editor int, foreign key (tenant, owner) references usr, foreign key (tenant, editor) references usr)""",
        {"tenant": 4, "usr": 4, "doc": 4},
    ),
    Nasty(
        "match full",
        """create table p (a int, b int, primary key (a, b));
           create table t (a int, b int, foreign key (a, b) references p match full)""",
        {"t": 4},
    ),
    Nasty(
        "a tree",
        """create table t (id int generated always as identity primary key, parent int references t,
           name text not null)""",
        {"t": 4},
    ),
    Nasty(
        "a tree without a root",
        "create table t (id int generated always as identity primary key, parent int not null references t)",
        {"t": 4},
    ),
    Nasty(
        "a tree of two columns",
        """create table t (org int, id int, parent int not null, primary key (org, id),
           foreign key (org, parent) references t)""",
        {"t": 4},
    ),
    Nasty(
        "a circle that may be empty",
        """create table a (id int primary key, b int); create table b (id int primary key,
           a int not null references a);
           alter table a add foreign key (b) references b""",
        {"a": 4, "b": 4},
    ),
    Nasty(
        "a circle that is checked later",
        """create table a (id int primary key, b int not null);
           create table b (id int primary key, a int not null references a);
           alter table a add foreign key (b) references b deferrable""",
        {"a": 4, "b": 6},
    ),
    Nasty(
        "a circle of three, checked later",
        """create table a (id int primary key check (id > 50), n text);
           create table b (id int primary key, a int not null references a);
           create table c (id serial primary key, b int not null unique references b);
           alter table a add c int not null references c deferrable initially deferred""",
        {"a": 4, "b": 4, "c": 4},
    ),
    Nasty(
        "a circle that nobody can enter",
        """create table a (id int primary key, b int not null);
           create table b (id int primary key, a int not null references a);
           alter table a add foreign key (b) references b; create table c (a int not null references a)""",
        why={"a": "refer to each other", "b": "refer", "c": "for which no row could be made"},
    ),
    Nasty(
        "partitions by range",
        """create table t (id int, at date not null, primary key (id, at)) partition by range (at);
           create table t1 partition of t for values from ('1999-01-01') to ('1999-02-01');
           create table t2 partition of t for values from ('1999-02-01') to ('1999-03-01');
           create table r (id int, at date, foreign key (id, at) references t)""",
        {"t": 4, "r": 4},
    ),
    Nasty(
        "partitions by list, hash and default",
        """create table t (region text not null, id int not null) partition by list (region);
           create table t1 partition of t for values in ('eu', 'us') partition by hash (id);
           create table t11 partition of t1 for values with (modulus 3, remainder 1);
           create table h (id int not null) partition by hash (id);
           create table h1 partition of h for values with (modulus 7, remainder 5);
           create table d (a int) partition by list (a); create table d1 partition of d default""",
        {"t": 8, "h": 4, "d": 4, "t11": 8},
    ),
    Nasty(
        "partitions by expression",
        """create table t (at timestamptz not null) partition by range ((extract(year from at at time zone 'UTC')));
           create table t1 partition of t for values from (2019) to (2020)""",
        {"t": 4},
    ),
    Nasty(
        "no partition",
        "create table t (a int) partition by range (a)",
        why={"t": "it has no partition"},
    ),
    Nasty(
        "one partition",
        """create table t (a int, n int) partition by range (a);
           create table t1 partition of t for values from (700) to (710)""",
        {"t1": 4},
    ),
    Nasty(
        "a trigger with a list",
        """create table t (kind text not null, n int);
           create function f() returns trigger language plpgsql as $$ begin
             if new.kind not in ('zebra', 'yak') then raise exception 'unknown kind'; end if; return new; end $$;
           create trigger f before insert on t for each row execute function f()""",
        {"t": 4},
    ),
    Nasty(
        "a trigger that refuses everything",
        """create table t (a int); create function f() returns trigger language plpgsql as $$ begin
             raise exception 'closed for good'; end $$;
           create trigger f before insert on t for each row execute function f()""",
        why={"t": "a trigger refuses the rows tried: closed for good"},
    ),
    Nasty(
        "a trigger that drops everything",
        """create table t (a int); create function f() returns trigger language plpgsql as $$ begin
             return null; end $$;
           create trigger f before insert on t for each row execute function f()""",
        why={"t": "a trigger"},
    ),
    Nasty(
        "row security",
        """create table t (tenant int not null); alter table t enable row level security;
           alter table t force row level security; create policy p on t using (tenant = 99)""",
        {"t": 4},
    ),
    Nasty(
        "names that need quotes",
        """create schema "My App"; create type "My App"."Mood" as enum ('it''s', 'a"b', 'c\\d');
           create table "My App"."Order" ("select" int primary key check ("select" > 0),
           "a b" "My App"."Mood" not null,
           "q""q" text check ("q""q" <> 'x'), "{}" int, "%s" text not null default '%s {}')""",
        {'"My App"."Order"': 5},
    ),
    Nasty("a view", "create view t as select 1 as a", why={"t": "it is a view"}),
    Nasty("nothing", "", why={"gone": "there is no such table", "no name at all": "there is no such table"}),
    Nasty("of the server", "", why={"pg_class": "it belongs to the server"}),
    Nasty(
        "inheritance",
        "create table p (id int primary key, a text not null); create table t (b int not null) inherits (p)",
        {"t": 4, "p": 8},
    ),
    Nasty(
        "defaults that a check wants",
        "create table t (code text not null default 'XK-77' check (md5(code) = md5('XK-77')), n int)",
        {"t": 4},
    ),
]
