"""What the parser tells of a migration: its statements, its class, and what is refused."""

import re

import pytest

from runbooks.steps.migrations.losses import Class, classify, losses
from runbooks.steps.migrations.sql import Kind, SqlRefused, analyse

_FLAGS = """-- Features, für jeden Mandanten 😀.
create table tenant_flags (flag text);

alter table tenant_flags enable row level security;
"""


def test_a_plain_file_and_the_lines_of_its_statements() -> None:
    sql = analyse("024_flags.sql", _FLAGS)
    assert sql.kind is Kind.PLAIN
    assert [(s.line, s.text.split()[0]) for s in sql.statements] == [(2, "create"), (4, "alter")]
    assert sql.statements[1].text == "alter table tenant_flags enable row level security"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.PLAIN),
        ("-- nothing\n", Kind.PLAIN),
        ("savepoint a; select 1; rollback to a;", Kind.PLAIN),
        ("do $$ begin perform 1; end $$;", Kind.PLAIN),
        ("create function f() returns int begin atomic select 1; end;", Kind.PLAIN),
        ("comment on table t is 'begin; commit; create index concurrently';", Kind.PLAIN),
        ("begin; update t set a = 1; commit; begin; update t set b = 1; end;", Kind.OWN_TRANSACTION),
        ("start transaction; select 1; rollback;", Kind.OWN_TRANSACTION),
        ("begin; commit and chain; select 1; commit;", Kind.OWN_TRANSACTION),
        ("-- outside-transactions\ncreate index concurrently i on t (a);", Kind.OUTSIDE_TRANSACTIONS),
        ("-- Outside transactions, since it is long\ndrop index concurrently i;", Kind.OUTSIDE_TRANSACTIONS),
        ("-- outside-transactions\nbegin; select 1; commit; vacuum t;", Kind.OUTSIDE_TRANSACTIONS),
        ("-- outside-transactions\nselect 1;", Kind.OUTSIDE_TRANSACTIONS),
    ],
)
def test_kinds_are_told_by_the_parser(text: str, kind: Kind) -> None:
    assert analyse("1_a.sql", text).kind is kind


@pytest.mark.parametrize(
    "statement",
    [
        "create index concurrently i on t (a)",
        "drop index concurrently i",
        "reindex table concurrently t",
        "reindex database d",
        "alter table p detach partition c concurrently",
        "vacuum t",
        "cluster",
        "create database d",
        "drop database d",
        "alter system set a = 1",
        "create tablespace t location '/t'",
        "create subscription s connection '' publication p",
    ],
)
def test_what_can_not_run_in_a_transaction_must_be_declared(statement: str) -> None:
    with pytest.raises(SqlRefused, match=r"1_a\.sql:2: this can't run in a transaction\. Say so in the file's first"):
        analyse("1_a.sql", f"\n{statement};")
    assert analyse("1_a.sql", f"-- outside-transactions\n{statement};").kind is Kind.OUTSIDE_TRANSACTIONS
    with pytest.raises(SqlRefused, match=r"1_a\.sql:3: this can't run between BEGIN and COMMIT"):
        analyse("1_a.sql", f"-- outside-transactions\nbegin;\n{statement};\ncommit;")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("select 1;\nselec 2;", 'f.sql:2: syntax error at or near "selec".'),
        ("select 'ä😀';\n\n  selec 2;", "f.sql:3: syntax error"),
        ("select 'abc\nde", "f.sql:1: unterminated quoted string"),
        ("select 1\n", ""),
        ("select 1;\n\\i other.sql\n", "f.sql:2: \\i is a command of psql, not SQL."),
        ("\\set ON_ERROR_STOP on\nselect 1;", "f.sql:1: \\set is a command of psql"),
        ("select 1;\ncopy t (a) from stdin;\n1\n\\.\n", "f.sql:2: COPY from or to the client"),
        ("\ncopy t from stdin;", "f.sql:2: COPY from or to the client"),
        ("copy t to stdout;", "f.sql:1: COPY from or to the client"),
        ("commit;", "f.sql:1: COMMIT or ROLLBACK without BEGIN."),
        ("select 1;\nbegin;\nselect 1;", "f.sql:2: BEGIN without COMMIT."),
        ("begin;\nbegin; commit;", "f.sql:2: BEGIN inside BEGIN."),
        ("begin; prepare transaction 'x';", "f.sql:1: a prepared transaction outlives"),
        (
            "-- outside-transactions\ncreate index concurrently on t (a);",
            "f.sql:2: an index built concurrently needs",
        ),
        ("select 1;\n-- \ufffd", "f.sql:2: this is not UTF-8."),
    ],
)
def test_what_is_refused_is_told_with_file_and_line(text: str, fault: str) -> None:
    if not fault:
        assert analyse("f.sql", text).statements
        return
    with pytest.raises(SqlRefused, match=re.escape(fault)):
        analyse("f.sql", text)


def test_indexes_that_must_be_looked_at() -> None:
    text = """-- outside-transactions
    create index concurrently if not exists "I" on s.t (a);
    create unique index concurrently j on t (a);
    create index k on t (a);"""
    assert analyse("f.sql", text).indexes == ('"s"."I"', '"j"')


_BACK = analyse("b.sql", "drop table x;")


@pytest.mark.parametrize(
    ("text", "cls", "because"),
    [
        (_FLAGS, Class.REVERSIBLE, ()),
        ("create index i on t (a); drop index j; drop view v; drop function f(int);", Class.REVERSIBLE, ()),
        ("alter table t add column c int; update t set c = 1 where c is null;", Class.REVERSIBLE, ()),
        ("create table n (a int); insert into n select 1; update n set a = 2; drop table n;", Class.REVERSIBLE, ()),
        ("insert into t values (1) on conflict do nothing;", Class.REVERSIBLE, ()),
        ("create function f() returns void language sql as 'delete from t';", Class.REVERSIBLE, ()),
        ("create function f() returns void begin atomic delete from t; end;", Class.REVERSIBLE, ()),
        ("drop table t, s.u;", Class.DESTRUCTIVE, ("drops table t", "drops table s.u")),
        ("alter table t drop column c;", Class.DESTRUCTIVE, ("drops column t.c",)),
        ("alter table t alter column c type int;", Class.DESTRUCTIVE, ("changes the type of t.c",)),
        ("truncate t;", Class.DESTRUCTIVE, ("empties t",)),
        ("with x as (delete from t returning *) select * from x;", Class.DESTRUCTIVE, ("deletes rows of t",)),
        ("drop type y cascade;", Class.DESTRUCTIVE, ("drops y and all that depends on it",)),
        ("drop schema s cascade;", Class.DESTRUCTIVE, ("drops s and all that depends on it",)),
        ("drop cast (int as text) cascade;", Class.DESTRUCTIVE, None),
        ("drop owned by r;", Class.DESTRUCTIVE, ("drops all that a role owns",)),
        ("merge into t using u on true when matched then delete;", Class.DESTRUCTIVE, ("deletes rows of t",)),
        ("update t set c = 1;", Class.FORWARD_ONLY, ("overwrites t.c",)),
        ("merge into t using u on true when matched then update set c = 1;", Class.FORWARD_ONLY, ("overwrites t.c",)),
        ("insert into t values (1) on conflict (a) do update set c = 1;", Class.FORWARD_ONLY, ("overwrites t.c",)),
        (
            "alter type y add value 'v';",
            Class.FORWARD_ONLY,
            ("adds a value to type y, which can't be taken out",),
        ),
        ("do $$ begin end $$;", Class.FORWARD_ONLY, ("runs a DO block, which can't be judged",)),
    ],
)
def test_classes(text: str, cls: Class, because: tuple[str, ...] | None) -> None:
    found, why = classify(analyse("f.sql", text), _BACK)
    assert found is cls
    assert because is None or why == because


def test_a_way_back_that_does_nothing_is_none() -> None:
    sql = analyse("f.sql", "create index i on t (a);")
    assert classify(sql, analyse("b.sql", "-- none")) == (Class.FORWARD_ONLY, ("its rollback script does nothing",))
    assert classify(sql, None) == (Class.FORWARD_ONLY, ("it has no rollback script",))


def test_losses_of_a_rollback_script() -> None:
    sql = analyse("b.sql", "alter table shifts drop column profile; drop table policy_profiles; drop index i;")
    assert losses(sql) == ("drops column shifts.profile", "drops table policy_profiles")
