"""Addresses of a PostgreSQL server, as URLs or in libpq's words, led to another database or given options. Pure."""

from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict, make_conninfo


def with_database(address: str, name: str) -> str:
    """The same address, of another database of that server."""
    if "://" not in address:
        return make_conninfo(address, dbname=name)
    return urlunsplit(urlsplit(address)._replace(path=f"/{quote(name)}"))


def with_options(address: str, options: str) -> str:
    """The same address, with further options for its sessions."""
    if not options:
        return address
    had = conninfo_to_dict(address).get("options")
    together = " ".join(filter(None, (str(had or ""), options)))
    if "://" not in address:
        return make_conninfo(address, options=together)
    parts = urlsplit(address)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "options"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("options", together)], quote_via=quote)))
