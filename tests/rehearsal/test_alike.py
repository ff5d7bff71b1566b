"""Which texts of one fact mean the same to PostgreSQL, and which only look like it."""

import pytest

from runbooks.rehearsal.alike import alike

VARCHAR_IN = "CHECK (((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))"
VARCHAR_IN_AGAIN = "CHECK (((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))"

SAME = [
    ("constraint", "definition", "", VARCHAR_IN, VARCHAR_IN_AGAIN),
    ("constraint", "definition", "", "CHECK ((a AND (b AND c)))", "CHECK (((a AND b) AND c))"),
    ("column", "default", "numeric", "0", "(0)::numeric"),
    ("column", "default", "numeric(10,2)", "0", "'0'::numeric"),
    ("column", "default", "numeric", "0.50", "'0.50'::numeric"),
    ("column", "default", "integer", "'-1'::integer", "-1"),
    ("column", "default", "bigint", "'5'::bigint", "5"),
    ("column", "default", "character varying(4)", "'a'::text", "'a'::character varying"),
    ("column", "default", "timestamp with time zone", "now()", "CURRENT_TIMESTAMP"),
    ("view", "options", "", "security_invoker=true", "security_invoker=on"),
    ("view", "options", "", "", "security_barrier=false"),
    ("view", "definition", "", " SELECT id FROM t WHERE (a = 1);", "SELECT id FROM t o WHERE a = 1;"),
    (
        "view",
        "definition",
        "",
        "SELECT a.x, b.y FROM t a JOIN u b ON a.i = b.i",
        "SELECT t.x, u.y FROM t JOIN u ON t.i = u.i",
    ),
    ("view", "definition", "", "SELECT a AS a FROM t", "SELECT a FROM t"),
    ("function", "body", "plpgsql", "begin\n return 1; end -- x", "BEGIN\n  RETURN 1;\nEND"),
    ("policy", "using", "", "(a = 1)", "a = 1"),
]
OTHER = [
    ("constraint", "definition", "", VARCHAR_IN, VARCHAR_IN_AGAIN.replace("'b'", "'c'")),
    ("constraint", "definition", "", "CHECK ((a AND (b OR c)))", "CHECK (((a AND b) OR c))"),
    ("constraint", "definition", "", "CHECK (((s)::text = 'a'::text))", "CHECK ((s = 'a'::text))"),
    ("constraint", "definition", "", "CHECK (x) NO INHERIT", "CHECK (x)"),
    (
        "constraint",
        "definition",
        "",
        "FOREIGN KEY (a) REFERENCES x(id)",
        "FOREIGN KEY (a) REFERENCES x(id) ON DELETE CASCADE",
    ),
    ("column", "default", "numeric", "1.5", "(1.5)::integer"),
    ("column", "default", "integer", "0", "1"),
    ("column", "default", "text", "'1'::text", "1"),
    ("column", "default", "character varying", "'a '::character varying", "'a '::bpchar"),
    ("column", "default", "date", "now()", "CURRENT_DATE"),
    ("column", "default", "timestamp with time zone", "now()", "app.now()"),
    ("column", "default", "timestamp with time zone", "now()", "clock_timestamp()"),
    ("column", "default", "text", "'A'::text", "'a'::text"),
    ("column", "default", "text", "", "''::text"),
    ("view", "options", "", "security_invoker=true", ""),
    ("table", "options", "", "fillfactor=1", "fillfactor=10"),
    (
        "view",
        "definition",
        "",
        "SELECT a.x, b.y FROM t a JOIN t b ON a.i = b.j",
        "SELECT a.x, b.y FROM t b JOIN t a ON a.i = b.j",
    ),
    ("view", "definition", "", "SELECT a AS b FROM t", "SELECT a FROM t"),
    ("function", "body", "plpgsql", "begin return 'a'; end", "begin return 'A'; end"),
    ("function", "body", "c", "one", "One"),
    ("index", "definition", "", "CREATE INDEX ON t USING btree (a)", "CREATE INDEX ON t USING btree (a DESC)"),
]


@pytest.mark.parametrize(("kind", "fact", "of", "was", "now"), SAME)
def test_they_mean_the_same(kind: str, fact: str, of: str, was: str, now: str) -> None:
    facts = {"type": of, "language": of}
    assert alike(fact, was, now, kind=kind, facts=facts)
    assert alike(fact, now, was, kind=kind, facts=facts)


@pytest.mark.parametrize(("kind", "fact", "of", "was", "now"), OTHER)
def test_they_differ(kind: str, fact: str, of: str, was: str, now: str) -> None:
    facts = {"type": of, "language": of}
    assert not alike(fact, was, now, kind=kind, facts=facts)
    assert not alike(fact, now, was, kind=kind, facts=facts)
