"""Is the service well, and is it the right one? `python -m backend_py.tools.smoke --url URL [--version V]`."""

import argparse
import json
import sys
import urllib.error
import urllib.request

_TIMEOUT_SECONDS = 5


def main() -> None:
    """Ask everything, print a line each, exit 0 only if all is well."""
    parser = argparse.ArgumentParser(description="Smoke test of a running Solvereign API")
    parser.add_argument("--url", required=True)
    parser.add_argument("--version", help="the version that must answer")
    arguments = parser.parse_args()
    faults = [fault for path in ("/health/live", "/health/ready") if (fault := _get(arguments.url, path)[1])]
    body, fault = _get(arguments.url, "/version")
    found = body.get("version", "nothing")
    if fault or (arguments.version and found != arguments.version):
        faults.append(fault or f"/version says {found}, expected {arguments.version}")
    for line in faults:
        print(f"FAILED {line}")
    if faults:
        sys.exit(1)
    print(f"ok {arguments.url} runs {found} ({body.get('commit', '')[:7]})")


def _get(url: str, path: str) -> tuple[dict[str, str], str | None]:
    if not url.startswith(("http://", "https://")):
        return {}, f"{url} is not an http address"
    try:
        with urllib.request.urlopen(url.rstrip("/") + path, timeout=_TIMEOUT_SECONDS) as response:
            return json.load(response), None
    except (urllib.error.URLError, OSError) as error:
        return {}, f"{path}: {error}"


if __name__ == "__main__":
    main()
