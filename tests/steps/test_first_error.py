"""What a container wrote, and the line of it that people need: the first error, not the last."""

import json

import pytest

from runbooks.steps.kubernetes.first_error import first_error

TRACEBACK = """\
INFO:     Started server process [1]
Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    limit = int(os.environ["LIMIT"])
                ~~~~~~~~~~^^^^^^^^^
KeyError: 'LIMIT'
"""
CHAINED = """\
Traceback (most recent call last):
  File "/app/db.py", line 8, in connect
    return psycopg.connect(url)
psycopg.OperationalError: connection failed: FATAL:  database "shop" does not exist

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    start()
RuntimeError: can't start
"""
LOGGED = """\
2026-11-24 10:02:11,004 INFO app: starting, 0 errors so far
2026-11-24 10:02:11,310 ERROR app: startup failed
Traceback (most recent call last):
  File "/app/main.py", line 3, in start
ValueError: LIMIT must be a number
2026-11-24 10:02:11,311 ERROR app: giving up
"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 9, in <module>
  |     asyncio.run(main())
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/main.py", line 5, in main
    | TimeoutError
    +------------------------------------
"""
GO = """\
2026/11/24 10:02:11 listening on :8080
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a2b11]

goroutine 1 [running]:
main.main()
\t/app/main.go:14 +0x1d
exit status 2
"""
JAVA = """\
10:02:11.004 [main] INFO  c.e.shop.App - Starting App
10:02:12.201 [main] WARN  c.e.shop.Pool - no error handler set
10:02:12.310 [main] ERROR o.s.boot.SpringApplication - Application run failed
org.springframework.beans.factory.BeanCreationException: Error creating bean 'pool'
\tat org.springframework.beans.Factory.create(Factory.java:512)
\t... 12 more
Caused by: java.lang.IllegalStateException: jdbc.url is not set
\tat com.example.shop.Pool.<init>(Pool.java:31)
\t... 14 more
"""
JAVA_PLAIN = """\
Exception in thread "main" java.lang.RuntimeException: boot
\tat com.example.shop.App.main(App.java:9)
Caused by: java.io.FileNotFoundException: /etc/shop/limits.yaml
\tat java.base/java.io.FileInputStream.open(FileInputStream.java:213)
"""
NODE = """\
node:internal/process/promises:394
      triggerUncaughtException(err, true /* fromPromise */);
      ^

TypeError [ERR_INVALID_URL]: Invalid URL
    at new URL (node:internal/url:816:29)
    at Object.<anonymous> (/app/index.js:3:11)

Node.js v24.1.0
"""
RUST = """\
thread 'main' (17) panicked at src/main.rs:4:37:
called `Result::unwrap()` on an `Err` value: NotPresent
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
RUBY = """\
/app/boot.rb:3:in 'Hash#fetch': key not found: "LIMIT" (KeyError)
\tfrom /app/boot.rb:3:in '<main>'
"""
KLOG = """\
I1124 10:02:11.004511       1 main.go:20] flags: --limit=3
E1124 10:02:11.310004       1 server.go:88] listen tcp :80: bind: permission denied
F1124 10:02:11.310104       1 main.go:31] can't serve
"""
POSTGRES = """\
2026-11-24 10:02:11.310 UTC [1] LOG:  starting
2026-11-24 10:02:11.311 UTC [1] FATAL:  data directory "/data" has wrong ownership
"""
PLAIN = """\
starting, 0 failed checks
loading /etc/shop/limits.yaml
sh: 1: exec: /app/serve: not found
bye
"""
COLOURED = "\x1b[32minfo\x1b[0m: up\n\x1b[31merror\x1b[0m: LIMIT is not set\n"
LOGFMT = 'ts=2026-11-24T10:02:11Z level=info msg="no error"\nts=2026-11-24T10:02:12Z level=error msg="bad limit"\n'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (TRACEBACK, ("KeyError: 'LIMIT'",)),
        (CHAINED, ('psycopg.OperationalError: connection failed: FATAL:  database "shop" does not exist',)),
        (
            LOGGED,
            ("2026-11-24 10:02:11,310 ERROR app: startup failed", "ValueError: LIMIT must be a number"),
        ),
        (GROUP, ("ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",)),
        (GO, ("panic: runtime error: invalid memory address or nil pointer dereference",)),
        (
            JAVA,
            (
                "10:02:12.310 [main] ERROR o.s.boot.SpringApplication - Application run failed",
                "Caused by: java.lang.IllegalStateException: jdbc.url is not set",
            ),
        ),
        (
            JAVA_PLAIN,
            (
                'Exception in thread "main" java.lang.RuntimeException: boot',
                "Caused by: java.io.FileNotFoundException: /etc/shop/limits.yaml",
            ),
        ),
        (NODE, ("TypeError [ERR_INVALID_URL]: Invalid URL",)),
        (
            RUST,
            (
                "thread 'main' (17) panicked at src/main.rs:4:37:",
                "called `Result::unwrap()` on an `Err` value: NotPresent",
            ),
        ),
        (RUBY, ("""/app/boot.rb:3:in 'Hash#fetch': key not found: "LIMIT" (KeyError)""",)),
        (
            KLOG,
            ("E1124 10:02:11.310004       1 server.go:88] listen tcp :80: bind: permission denied",),
        ),
        (POSTGRES, ('2026-11-24 10:02:11.311 UTC [1] FATAL:  data directory "/data" has wrong ownership',)),
        (PLAIN, ("sh: 1: exec: /app/serve: not found",)),
        (COLOURED, ("error: LIMIT is not set",)),
        (LOGFMT, ('ts=2026-11-24T10:02:12Z level=error msg="bad limit"',)),
        ("Error: LIMIT is not set\nError: bye\n", ("Error: LIMIT is not set",)),
        ("[error] no route\n", ("[error] no route",)),
        ("up\nready\nGET /errors/list 200\n", ()),
        ("INFO error_count=0\nDEBUG handling Error: none\nWARN can't find the cache\n", ()),
        ("", ()),
        ("Traceback (most recent call last):\n  File 'cut off", ("Traceback (most recent call last):",)),
        ("thread 'main' panicked at src/main.rs:4:37:", ("thread 'main' panicked at src/main.rs:4:37:",)),
    ],
)
def test_the_first_error_of_a_log(written: str, expected: tuple[str, ...]) -> None:
    assert first_error(written.splitlines()) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([{"level": "info", "msg": "an error page"}, {"level": "error", "msg": "no limit"}], "no limit"),
        (
            [{"level": 30, "msg": "up"}, {"level": 60, "msg": "bye", "err": {"type": "RangeError", "message": "9"}}],
            "bye: RangeError: 9",
        ),
        ([{"severity": "CRITICAL", "message": "boot", "exception": TRACEBACK}], "boot: KeyError: 'LIMIT'"),
        ([{"levelno": 40, "levelname": "ERROR", "message": "no limit"}], "no limit"),
        ([{"version": "1.1", "short_message": "no disk", "level": 3}], "no disk"),
        ([{"short_message": "fine", "level": 6}], None),
        ([{"log": {"level": "error"}, "message": "no", "error": {"type": "E", "message": "limit"}}], "no: E: limit"),
        ([{"msg": "closing", "error": "bad limit"}], "closing: bad limit"),
        ([{"msg": "closing", "level": "info", "error": "none"}, {"msg": "x", "level": "warn"}], None),
        ([["an", "array"], {"level": True}], None),
    ],
)
def test_the_first_error_of_a_log_in_json(entries: list[object], expected: str | None) -> None:
    found = first_error([json.dumps(entry) for entry in entries])
    assert found == ((expected,) if expected else ())


def test_long_lines_that_only_look_like_json_or_levels_take_no_time() -> None:
    line = "{" * 50_000 + " ::" * 20_000 + "a." * 50_000
    assert first_error([line, "x" * 200_000, "a" * 100_000 + "Error"]) != ("",)
