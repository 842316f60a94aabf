"""Objects and tables in a store, read from a real S3 server on loopback."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from cpt77092.errors import ClaimsError, redacted
from cpt77092.lakehouse.failures import table_failures
from tests.conftest import Scrub
from tests.lakehouse.tables import (
    AS_OF,
    EXAMPLE,
    EXAMPLES,
    SECRET,
    example,
    findings_of,
    lines_left,
    put,
    put_folder,
    s3_server,
    write_delta,
)

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIDOFTESTS",
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a bucket `claims` that has the example in several forms."""
    home = tmp_path_factory.mktemp("store")
    with s3_server(home) as address:
        whole = _parquet(example())
        put(address, "claims/plain/claims.parquet", whole)
        put(address, "claims/plain/_SUCCESS", b"")
        put(address, "claims/plain/_temporary/0/claims.parquet", whole)
        put(address, "claims/plain/.hidden/claims.parquet", whole)
        for (place,), rows in example().group_by("POS"):
            part = _parquet(rows.drop("POS"))
            put(address, f"claims/parted/POS={place}/part-0.parquet", part)
        put(address, "claims/mixed/a.parquet", whole)
        put(address, "claims/mixed/b.parquet", _parquet(example().drop("POS")))
        put_folder(address, "claims/lake/delta", write_delta(home / "delta", example()))
        yield address


@pytest.fixture
def s3(store: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server, with its address and credentials in the environment."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": store}.items():
        monkeypatch.setenv(name, value)
    return store


def _parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    "name", ["plain/claims.parquet", "plain", "plain/", "pl*/claims.parquet", "parted"]
)
def test_objects_give_the_findings_of_the_file(scrub: Scrub, tmp_path: Path, name: str) -> None:
    of_file, of_store = tmp_path / "file.csv", tmp_path / "store.csv"
    assert scrub(EXAMPLE, *AS_OF, "-q", "-o", of_file)[0] == 1
    code, _, err = scrub(f"s3://claims/{name}", *AS_OF, "-q", "-o", of_store)
    assert code == 1, err
    assert findings_of(of_store).equals(findings_of(of_file))


@pytest.mark.usefixtures("s3")
def test_a_table_in_a_store_has_the_lines_of_its_log(scrub: Scrub, tmp_path: Path) -> None:
    of_file, of_store = tmp_path / "file.csv", tmp_path / "store.csv"
    address = "s3://claims/lake/delta"
    assert scrub(lines_left(tmp_path), *AS_OF, "-q", "-o", of_file)[0] == 1
    code, _, err = scrub(address, "--row-id", "Claim ID", *AS_OF, "-q", "-o", of_store)
    assert code == 1, err
    assert findings_of(of_store).equals(findings_of(of_file))
    table = pl.read_csv(of_store)
    assert table["row_id"].equals(table["claim_id"].alias("row_id"))
    # The same table as history, beside a file.
    code, _, err = scrub(EXAMPLES / "visits.csv", "--history", address, *AS_OF, "-q")
    assert code == 1, err


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("s3://claims/lake", "s3://claims/lake/delta is a table (Delta), whose log"),
        ("s3://claims/lake/delta/*.parquet", "name the table itself"),
        ("s3://claims/lake/delta/part-0.parquet", "name the table itself"),
        ("s3://claims/mixed", "its Parquet files have different columns"),
        ("s3://claims/none/", "nothing is there"),
        ("s3://claims/none.parquet", "nothing is there"),
        ("s3://no-such-bucket/claims.parquet", "nothing is there"),
        ("s3://claims/plain/claims.csv", "of object stores Parquet, Delta and Iceberg are read"),
        ("s3://", "name the bucket"),
        ("iceberg:claims", "name the table with its namespace"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(scrub: Scrub, name: str, message: str) -> None:
    code, out, err = scrub(name, *AS_OF)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    code, out, err = scrub(EXAMPLE, "--history", name, *AS_OF)
    assert (code, out, message in err) == (2, "", True)


@pytest.mark.usefixtures("s3")
def test_other_files_are_read_beside_what_is_not_there(scrub: Scrub) -> None:
    code, out, err = scrub(EXAMPLE, "s3://claims/none/", *AS_OF, "--format", "concise")
    assert (code, "MO001" in out, "s3://claims/none/: nothing is there" in err) == (2, True, True)


class _Refusal(BaseHTTPRequestHandler):
    """Refuses everything, and says back with which key and signature it was asked."""

    def do_GET(self) -> None:
        asked = self.headers.get("Authorization", "")
        text = f"<Error><Code>AccessDenied</Code><Message>{asked} {SECRET}</Message></Error>"
        self.send_response(403)
        self.end_headers()
        self.wfile.write(text.encode())

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["s3://refused/plain", "s3://refused/plain/claims.parquet"])
def test_a_refusal_shows_no_key(scrub: Scrub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # A bucket of its own: Polars keeps how it reached the other one.
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusal) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        for variable, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}.items():
            monkeypatch.setenv(variable, value)
        code, out, err = scrub(name, *AS_OF)
        server.shutdown()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "the store refused access; check the credentials in the environment" in err
    assert not any(part in err for part in ("AKID", SECRET, "Authorization", "127.0.0.1"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        f"s3://AKID:{SECRET}@claims/plain",
        "s3://wrong-horse@claims/plain",
        "s3://claims/plain?X-Amz-Signature=wrong-horse&X-Amz-Credential=wrong-horse",
        "az://claims/plain?sv=2026&sig=wrong-horse",
        "abfss://claims:wrong-horse@account.dfs.core.windows.net/plain",
        "gs://claims/plain#wrong-horse",
        "https://claims.s3.amazonaws.com/a.parquet?X-Amz-Credential=a&X-Amz-Signature=wrong-horse",
    ],
)
def test_a_key_in_an_address_is_refused_and_printed_nowhere(scrub: Scrub, address: str) -> None:
    for words in (
        (address,),
        (address, "--row-id", "id"),
        (address, "--log-format", "json"),
        ("columns", address),
        ("verify", address),
        (EXAMPLE, "--history", address),
        (EXAMPLE, "-o", address),
        (EXAMPLE, "-o", f"{address}/"),
        (EXAMPLE, "--rejects", address),
        (EXAMPLE, "--layout", address),
        ("check", EXAMPLE, f"--as-of={address}"),
    ):
        code, out, err = scrub(*words)
        assert (code, out) == (2, ""), words
        assert err
        assert not any(secret in err for secret in (SECRET, "wrong-horse")), words


def test_redaction_keeps_the_rest() -> None:
    assert redacted("s3://AKID@claims/a: gone") == "s3://***@claims/a: gone"
    assert redacted("az://claims/a?sig=x: gone") == "az://claims/a?***: gone"
    signed = "https://h/a?X-Amz-Expires=60&X-Amz-Signature=abc: gone"
    assert redacted(signed) == "https://h/a?X-Amz-Expires=60&X-Amz-Signature=***: gone"
    for plain in ("s3://claims/a/b.parquet", "abfss://claims@account.dfs.core.windows.net/a: b"):
        assert redacted(plain) == plain


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (OSError("error sending request for url (http://h/b?sig=abc)"), "cannot be reached"),
        (OSError("No CredentialsProvider: metadata token abc"), "no credentials; set them"),
        (OSError("Error performing GET: 401 Unauthorized: abc"), "the store refused access"),
        (pl.exceptions.ComputeError("something with abc in it"), "it is damaged"),
        (ImportError("requires deltalake >= 9; abc"), "it is damaged"),
    ],
)
def test_a_failure_is_told_in_our_words(failure: Exception, expected: str) -> None:
    with pytest.raises(ClaimsError) as problem, table_failures("s3://claims/a"):
        raise failure
    assert expected in str(problem.value)
    assert "abc" not in str(problem.value)
    assert problem.value.__cause__ is None


def test_a_bug_is_no_failure_of_a_store() -> None:
    with pytest.raises(KeyError), table_failures("s3://claims/a"):
        raise KeyError("claim_id")
