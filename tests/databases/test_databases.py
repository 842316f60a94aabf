"""Claims from real databases, and findings into them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import duckdb
import polars as pl
import pytest

from cpt77092.databases.address import is_address, parse
from cpt77092.databases.findings_table import write_table
from cpt77092.errors import ClaimsError, redacted
from cpt77092.readers.database import rows_of
from tests.conftest import Scrub
from tests.databases import server

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims.csv"
AS_OF = ("--as-of", "2026-11-23")
SECRET = "wrong.horse"  # noqa: S105
NAMES_A_PERSON = "SELECT * FROM claims WHERE patient = 'Jane Roe' AND no_such_column = 1"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    folder = server.programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    with server.running(folder) as address:
        yield address


@pytest.fixture(params=["postgresql", "sqlite", "duckdb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with the example's lines as text in the table `claims`."""
    rows = pl.read_csv(EXAMPLE, infer_schema=False)
    if request.param == "postgresql":
        address = str(request.getfixturevalue("postgres"))
        with postgresql.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS findings")
            cursor.execute("DROP TABLE IF EXISTS claims")
            cursor.adbc_ingest("claims", rows)
            connection.commit()
        return address
    if request.param == "sqlite":
        place = tmp_path / "claims.db"
        with sqlite3.connect(place) as connection:
            names = ", ".join(f'"{name}"' for name in rows.columns)
            connection.execute(f"CREATE TABLE claims ({names})")
            marks = ", ".join("?" * rows.width)
            connection.executemany(f"INSERT INTO claims VALUES ({marks})", rows.rows())  # noqa: S608
        connection.close()
        return f"sqlite:{place}"
    place = tmp_path / "claims.duckdb"
    with duckdb.connect(str(place)) as connection:
        connection.execute(f"CREATE TABLE claims AS SELECT * FROM read_csv('{EXAMPLE}')")  # noqa: S608
    return f"duckdb:{place}"


def query_file(folder: Path, query: str) -> Path:
    place = folder / "query.sql"
    place.write_text(query, encoding="utf-8")
    return place


def queried(address: str, query: str) -> pl.DataFrame:
    return rows_of(parse(address), address, query)


def test_a_query_gives_the_findings_of_the_file(
    scrub: Scrub, database: str, tmp_path: Path
) -> None:
    query = query_file(tmp_path, "SELECT * FROM claims;\n-- all of them")
    of_file, of_query = tmp_path / "file.csv", tmp_path / "query.csv"
    assert scrub(EXAMPLE, *AS_OF, "-q", "-o", of_file)[0] == 1
    code, _, err = scrub(database, "--query-file", query, *AS_OF, "-q", "-o", of_query)
    assert (code, "would be denied" in err) == (1, True)
    names = ["claim_id", "claim_line_number", "rule", "severity", "modifiers", "charge_amount"]
    file, rows = (pl.read_csv(f, infer_schema=False).select(names) for f in (of_file, of_query))
    assert rows.sort(names).equals(file.sort(names))
    assert rows.height > 80


def test_rows_are_named_by_a_column_and_the_findings_become_a_table(
    scrub: Scrub, database: str, tmp_path: Path
) -> None:
    query = query_file(tmp_path, "SELECT * FROM claims")
    home = tmp_path / "findings.db"
    named = ("--query-file", query, "--row-id", "Claim ID")
    code, _, err = scrub(database, *named, *AS_OF, "-q", "-o", f"sqlite:{home}#findings")
    assert code == 1, err
    table = queried(f"sqlite:{home}", "SELECT * FROM findings")
    assert set(table["row_id"]) == set(table["claim_id"])
    assert table["source_row"].null_count() == table.height > 80
    # The next run replaces the table.
    scrub(database, *named, *AS_OF, "-q", "-o", f"sqlite:{home}#findings", "--select", "MO001")
    again = queried(f"sqlite:{home}", "SELECT DISTINCT rule FROM findings")
    assert again["rule"].to_list() == ["MO001"]


def findings(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rule": pl.Series(["MO001"] * rows, dtype=pl.Categorical),
            "line": pl.Series(range(rows), dtype=pl.UInt32),
            "charge": pl.Series(["45.25"] * rows).cast(pl.Decimal(18, 4)),
            "day": pl.Series([None] * rows, dtype=pl.Date),
        }
    )


def write(address: str, pieces: Any) -> None:
    name = f"{address}#findings"
    write_table(parse(name, needs_table=True), name, pieces, known_by=frozenset({"rule"}))


def count_and_sum(address: str) -> tuple[int, float]:
    number, charges = queried(address, "SELECT count(*) AS n, sum(charge) AS s FROM findings").row(
        0
    )
    return int(number), float(charges)


def test_a_write_that_is_stopped_leaves_the_old_table(database: str) -> None:
    write(database, [findings(2), findings(3)])
    assert count_and_sum(database) == (5, 226.25)

    def stopped() -> Iterator[pl.DataFrame]:
        yield findings(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(database, stopped())
    assert count_and_sum(database) == (5, 226.25)
    write(database, [findings(1)])
    assert count_and_sum(database) == (1, 45.25)


def test_a_table_that_holds_no_findings_is_not_replaced(scrub: Scrub, database: str) -> None:
    code, _, err = scrub(EXAMPLE, *AS_OF, "-q", "-o", f"{database}#claims")
    assert code == 2
    assert "the table claims is there and holds no findings of scrub; name another table" in err
    assert queried(database, "SELECT * FROM claims").height == 46


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM claims",
        "CREATE TABLE other (a int)",
        "SELECT 1; SELECT 2",
        "WITH gone AS (DELETE FROM claims RETURNING *) SELECT * FROM gone",
        "ATTACH 'other.db' AS other",
        "COPY claims TO 'stolen.csv'",
        "SELECT * FROM '/etc/passwd'",
        NAMES_A_PERSON,
        "SELECT FROM WHERE",
        "  ;  ",
    ],
)
def test_a_query_reads_and_its_failure_never_quotes_it(
    scrub: Scrub, database: str, tmp_path: Path, query: str
) -> None:
    code, out, err = scrub(database, "--query-file", query_file(tmp_path, query), *AS_OF)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert not any(word in err for word in ("Jane", "passwd", "other", "stolen"))
    assert queried(database, "SELECT * FROM claims").height == 46


def test_types_that_only_a_database_has(postgres: str) -> None:
    rows = queried(
        postgres,
        "SELECT 12.50::numeric(10,2) AS charge, gen_random_uuid() AS id, ARRAY['26','59'] AS mods,"
        " DATE '2026-03-02' AS day, 'x'::char(3) AS c",
    )
    assert rows["charge"].to_list() == ["12.50"]
    assert rows["mods"].to_list() == [["26", "59"]]
    with pytest.raises(ClaimsError, match="cast it to text in the query"):
        queried(postgres, "SELECT interval '1 day' AS i")
    with pytest.raises(ClaimsError, match="gives a column twice"):
        queried(postgres, "SELECT 1 AS a, 2 AS a")


def test_a_role_that_can_only_select_is_enough(scrub: Scrub, postgres: str, tmp_path: Path) -> None:
    with postgresql.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS seen")
        cursor.adbc_ingest("seen", pl.read_csv(EXAMPLE, infer_schema=False))
        cursor.execute("DROP ROLE IF EXISTS reader")
        cursor.execute("CREATE ROLE reader LOGIN")
        cursor.execute("GRANT SELECT ON seen TO reader")
        connection.commit()
    reader = postgres.replace(server.USER, "reader")
    query = query_file(tmp_path, "SELECT * FROM seen")
    assert scrub(reader, "--query-file", query, *AS_OF, "-q")[0] == 1
    code, _, err = scrub(EXAMPLE, *AS_OF, "-q", "-o", f"{reader}#public.findings")
    assert (code, "may not read or write what is named" in err) == (2, True), err
    with postgresql.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY reader")
        cursor.execute("DROP ROLE reader")
        connection.commit()


def test_a_service_file_names_the_server(
    scrub: Scrub, postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, _, rest = postgres.removeprefix("postgresql://").partition("@")
    host, _, port = rest.removesuffix("/postgres").partition(":")
    services = tmp_path / "services.conf"
    services.write_text(f"[claims]\nhost={host}\nport={port}\nuser={user}\ndbname=postgres\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    query = query_file(tmp_path, "SELECT '77092' AS cpt, 'C1' AS claim, '26' AS modifier, "
                                 "'Medicare' AS payer, '2026-03-02' AS dos")  # fmt: skip
    code, _, err = scrub("postgresql://?service=claims", "--query-file", query, *AS_OF, "-q")
    assert (code, "1 of 1 checked line" in err) == (1, True), err
    code, _, err = scrub("postgresql://?service=none", "--query-file", query, *AS_OF, "-q")
    assert (code, "cannot connect; check the service file" in err) == (2, True), err


Words = Callable[[Path], tuple[object, ...]]


@pytest.mark.parametrize(
    "words",
    [
        lambda query: (f"postgresql://u:{SECRET}@h/db", "--query-file", query),
        lambda query: (f"postgresql://h/db?password={SECRET}", "--query-file", query),
        lambda query: (f"postgresql://h/db?user=u&sslpassword={SECRET}", "--query-file", query),
        lambda _: (f"postgresql://u:{SECRET}@h/db",),
        lambda _: (f"mysql://u:{SECRET}@h/db",),
        lambda _: ("columns", f"postgresql://u:{SECRET}@h/db"),
        lambda _: (EXAMPLE, "-o", f"postgresql://u:{SECRET}@h/db#findings"),
        lambda _: (EXAMPLE, "--history", f"postgresql://u:{SECRET}@h/db"),
        lambda _: (EXAMPLE, "--layout", f"postgresql://u:{SECRET}@h/db"),
        lambda _: (EXAMPLE, "--rejects", f"postgresql://u:{SECRET}@h/db"),
        lambda _: ("verify", f"postgresql://u:{SECRET}@h/db"),
        lambda _: (f"postgresql://u:{SECRET}@h/db", "--log-format", "json"),
        lambda _: ("check", EXAMPLE, f"--as-of=postgresql://u:{SECRET}@h/db"),
        lambda _: ("check", EXAMPLE, f"--no-such=postgresql://u:{SECRET}@h/db"),
    ],
)
def test_a_password_in_an_address_is_printed_nowhere(
    scrub: Scrub, tmp_path: Path, words: Words
) -> None:
    code, out, err = scrub(*words(query_file(tmp_path, "SELECT 1")))
    assert (code, out) == (2, "")
    assert err
    assert SECRET not in err


def test_redaction_keeps_the_rest() -> None:
    assert redacted("a postgresql://u:p@ss:w/@h/db: gone") == "a postgresql://u:***@h/db: gone"
    assert redacted("postgresql://h/d?password=x&user=u") == "postgresql://h/d?password=***&user=u"
    plain = "postgresql://u@h:5432/db: see https://example.org/a:b"
    assert redacted(plain) == plain


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("postgresql://h/db",), "--query-file FILE must name the query for its claims"),
        ((EXAMPLE, "--row-id", "Claim ID"), "rows of files have numbers"),
        ((EXAMPLE, "--query-file", "query.sql"), "is for a database"),
        (("postgresql://h/db", EXAMPLE, "--query-file", "query.sql"), "name one database"),
        (("postgresql://h/db", "--query-file", "none.sql"), "No such file"),
        (("sqlite:none.db", "--query-file", "query.sql"), "not an SQLite database"),
        (("sqlite:", "--query-file", "query.sql"), "name the file, as in sqlite:claims.db"),
        ((EXAMPLE, "-o", "sqlite:out.db"), "end the address in #TABLE"),
        ((EXAMPLE, "-o", "sqlite:out.db#a;b"), "end the address in #TABLE"),
    ],
)
def test_what_a_database_cannot_do_is_refused_in_one_line(
    scrub: Scrub, tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    query_file(tmp_path, "SELECT 1 AS hcpcs_code, 'a' AS claim_id")
    code, out, err = scrub(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_rows_of_a_query_are_not_split(scrub: Scrub, tmp_path: Path) -> None:
    place = tmp_path / "claims.db"
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE claims (claim, cpt)")
    connection.close()
    query = query_file(tmp_path, "SELECT * FROM claims")
    code, _, err = scrub(place, "--query-file", query, "--clean-to", "clean.csv")
    assert (code, "the rows of a query or a table are not split" in err) == (2, True)


def test_the_database_that_is_read_is_not_written(scrub: Scrub, tmp_path: Path) -> None:
    place = tmp_path / "claims.db"
    with sqlite3.connect(place) as connection:
        connection.execute("CREATE TABLE claims (claim, cpt)")
    connection.close()
    query = query_file(tmp_path, "SELECT * FROM claims")
    for output in ("sqlite:claims.db#findings", f"sqlite://{place}#findings"):
        code, _, err = scrub("claims.db", "--query-file", query, "-o", output)
        assert (code, "inputs are never changed" in err) == (2, True), err


def test_a_file_whose_name_is_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_address("sqlite:claims.csv")
    (tmp_path / "sqlite:claims.csv").touch()
    assert not is_address("sqlite:claims.csv")
    assert not is_address("C:\\claims.csv")


def test_a_package_that_is_not_installed_is_named(
    scrub: Scrub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpt77092.databases.failures.find_spec", lambda _: None)
    query = query_file(tmp_path, "SELECT 1")
    for words in (
        ("postgresql://h/db", "--query-file", query),
        (EXAMPLE, "-o", "duckdb:out.db#findings"),
    ):
        code, _, err = scrub(*words)
        assert (code, "pip install 'cpt77092[sql]'" in err) == (2, True)
