"""From bytes to text: how a file is compressed, which encoding it is in, and its lines.

UTF-8 is read where the bytes allow it. Bytes that are not UTF-8 are Windows-1252, as Excel and
most practice-management systems in the US write it, or Latin-1 where they hold bytes that
Windows-1252 leaves undefined; a file with more proper UTF-8 letters than strange bytes is UTF-8
with damage.
"""

from __future__ import annotations

import codecs
import gzip
import importlib
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from cpt77092.errors import ClaimsError, OutputError, UsageError
from cpt77092.frozen import frozen

HEAD_BYTES = 1 << 20
LONGEST_LINE = 1 << 26
_MOST_RATIO, _MOST_UNPACKED = 200, 1 << 28
"""A table packs to a tenth of its size or a fiftieth; what holds nothing, to a thousandth."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
UTF8 = "utf-8"
_BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_WIDE = ("utf-16", "utf-32")
_STRANGE = re.compile("[\udc80-\udcff]")
_LETTER = re.compile("[^\x00-\x7f\udc80-\udcff]")
_NAMES = {"cp1252": "Windows-1252", "latin-1": "Latin-1", "utf-16": "UTF-16", UTF8: "UTF-8"}


_AS_SURROGATE = "cpt77092.as_surrogate"


def _as_surrogate(problem: UnicodeError) -> tuple[str, int]:
    """One lone surrogate for what is not of a wide encoding, which `surrogateescape` refuses."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return "\udcff", problem.end


codecs.register_error(_AS_SURROGATE, _as_surrogate)


@frozen
class TextSource:
    """A text file or the bytes of one, perhaps compressed, in a known encoding."""

    path: str
    data: Path | bytes
    encoding: str
    """As Python names it; `utf-8` whether or not a byte-order mark leads."""
    compression: str = ""
    """`gzip`, `zstd` or nothing."""

    @property
    def name(self) -> str:
        """The encoding as people write it."""
        return _NAMES.get(self.encoding, self.encoding)

    def lines(self) -> Iterator[str]:
        """Lines with their ends (LF, CRLF, CR), NULs and all.

        A byte that is not of the encoding becomes a lone surrogate.
        """
        errors = _AS_SURROGATE if self.encoding.startswith(_WIDE) else "surrogateescape"
        codec = "utf-8-sig" if self.encoding == UTF8 else self.encoding
        with (
            decompressed(self.path, self.data, self.compression) as stream,
            io.TextIOWrapper(stream, codec, errors, newline="") as text,
        ):
            while line := text.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:
                    raise self._no_table("has a line of more than 64 MB; is it a table?")
                yield line

    def blocks(self) -> Iterator[bytes]:
        """The bytes of the file, decompressed, as long as they may be those of a table.

        Raises:
            ClaimsError: a line has no end, or a small file unpacks to a large one.
        """
        open_line = size = 0
        most = max(_MOST_UNPACKED, size_of(self.data) * _MOST_RATIO) if self.compression else None
        with decompressed(self.path, self.data, self.compression) as stream:
            while block := stream.read(HEAD_BYTES):
                size += len(block)
                last = block.rfind(b"\n")
                last = block.rfind(b"\r") if last < 0 else last
                open_line = open_line + len(block) if last < 0 else len(block) - last - 1
                if open_line > LONGEST_LINE:
                    raise self._no_table("has a line of more than 64 MB; is it a table?")
                if most is not None and size > most:
                    raise self._no_table(
                        f"unpacks to more than {_MOST_RATIO} times its size; unpack it yourself "
                        f"and check what comes of it"
                    )
                yield block

    def _no_table(self, why: str) -> ClaimsError:
        return ClaimsError(f"{self.path}: {why}")

    def in_byte_order(self) -> TextSource:
        """The same source with the byte order in the name of its encoding, where it has one."""
        if self.encoding not in ("utf-16", "utf-32"):
            return self
        with decompressed(self.path, self.data, self.compression) as stream:
            is_big = stream.read(4).lstrip(b"\0").startswith(b"\xfe\xff")
        return replace(self, encoding=f"{self.encoding}-{'be' if is_big else 'le'}")

    def raw_lines(self) -> Iterator[tuple[bytes, str]]:
        """Lines as they are, byte-order mark and all, each with its text.

        The bytes of all lines are the bytes of the file (decompressed), but for broken UTF-16.
        """
        lines = self._wide_lines() if self.encoding.startswith(_WIDE) else self._narrow_lines()
        first = next(lines, None)
        if first is not None:
            yield first[0], first[1].removeprefix("\ufeff")
        yield from lines

    def _wide_lines(self) -> Iterator[tuple[bytes, str]]:
        ordered = self.in_byte_order()
        for text in ordered.lines():
            yield text.encode(ordered.encoding, "replace"), text

    def _narrow_lines(self) -> Iterator[tuple[bytes, str]]:
        tail = b""
        with decompressed(self.path, self.data, self.compression) as stream:
            while block := stream.read(HEAD_BYTES):
                *lines, tail = (tail + block).splitlines(keepends=True)
                # The last line goes on in the next block, and a CR there may be half of a CRLF.
                for line in lines:
                    yield line, line.decode(self.encoding, "surrogateescape")
        for line in tail.splitlines(keepends=True):
            yield line, line.decode(self.encoding, "surrogateescape")

    def holds(self, marks: tuple[bytes, ...]) -> bool:
        """Whether any of some bytes is anywhere in the file."""
        return any(mark in block for block in self.blocks() for mark in marks)

    def raw(self, text: str) -> bytes:
        """The bytes of a piece of the file's text; UTF-16 becomes UTF-8."""
        if self.encoding.startswith(_WIDE):
            return text.encode(UTF8, "surrogatepass")
        return text.encode(self.encoding, "surrogateescape")


def open_text(path: str, data: Path | bytes, encoding: str | None) -> tuple[TextSource, bytes]:
    """Find out how a file is compressed and encoded, from its first megabyte.

    Args:
        path: the file's name, for messages.
        data: the file, or what came from standard input.
        encoding: what the user states (`--encoding`).

    Returns:
        The file as text, and its first megabyte, decompressed.

    Raises:
        UsageError: there is no such encoding.
        ClaimsError: the file cannot be decompressed.
    """
    compression = _compression(data)
    try:
        with decompressed(path, data, compression) as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as problem:
        raise ClaimsError(f"{path}: cannot be read ({problem.strerror})") from None
    known = _known(encoding) if encoding else detect([head], cut=len(head) == HEAD_BYTES)
    return TextSource(path, data, known, compression), head


def plain_bytes(path: str, data: Path | bytes, most: int = -1) -> bytes:
    """The bytes of a file, decompressed, and as UTF-8 if they are UTF-16.

    Args:
        path: the file's name, for messages.
        data: the file, or what came from standard input.
        most: how many bytes to read; all where negative.

    Raises:
        ClaimsError: the file cannot be decompressed.
    """
    with decompressed(path, data, _compression(data)) as stream:
        plain = stream.read(most)
    encoding = detect([plain[:HEAD_BYTES]], cut=True)
    return plain.decode(encoding, "replace").encode() if encoding.startswith("utf-16") else plain


def size_of(data: Path | bytes) -> int:
    """Bytes of a file, or of what came from standard input."""
    return len(data) if isinstance(data, bytes) else data.stat().st_size


def head_of(data: Path | bytes, length: int) -> bytes:
    """The first bytes of a file, as they are stored."""
    if isinstance(data, bytes):
        return data[:length]
    with data.open("rb") as stream:
        return stream.read(length)


def _compression(data: Path | bytes) -> str:
    first = head_of(data, 4)
    return "gzip" if first.startswith(GZIP) else "zstd" if first == ZSTD else ""


def detect(blocks: Iterator[bytes] | list[bytes], *, cut: bool = False) -> str:
    """The encoding of a file.

    Args:
        blocks: the file's bytes in order.
        cut: they may end inside a character.
    """
    decoder = codecs.getincrementaldecoder(UTF8)("surrogateescape")
    letters = strange = 0
    undefined = False
    for number, block in enumerate(blocks):
        if number == 0:
            marked = next((name for mark, name in _BOMS if block.startswith(mark)), None)
            if marked is not None and marked != UTF8:
                return marked
            if marked is None and (wide := _unmarked_utf16(block)):
                return wide
        if block.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(block)
        letters += len(_LETTER.findall(text))
        strange += len(_STRANGE.findall(text))
        undefined = undefined or _UNDEFINED.search(block) is not None
    if not cut:
        strange += len(decoder.decode(b"", final=True))
    if strange <= letters:
        return UTF8
    return "latin-1" if undefined else "cp1252"


def marks_in_utf8(source: TextSource) -> str | None:
    """Which of `"`, NUL and CR (without LF behind it) a UTF-8 file holds; None if it is not UTF-8.

    A pass over the bytes, which takes about a hundredth of the time of reading the cells.
    """
    decoder = codecs.getincrementaldecoder(UTF8)()
    marks: set[str] = set()
    before = b""
    for block in source.blocks():
        marks |= {mark for mark in '"\0' if mark.encode() in block}
        ends = before + block
        before = b"\r" if ends.endswith(b"\r") else b""
        if b"\r" in ends and b"\r" in ends.removesuffix(b"\r").replace(b"\r\n", b""):
            marks.add("\r")
        if block.isascii() and not decoder.getstate()[0]:
            continue
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return None
    if before:
        marks.add("\r")
    return None if decoder.getstate()[0] else "".join(marks)


@contextmanager
def decompressed(path: str, data: Path | bytes, compression: str) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed as they are read.

    Raises:
        ClaimsError: the compressed data is damaged or cut short.
    """
    opener, failures = _decompressor(path, compression)
    raw: IO[bytes] = io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")
    with raw:
        try:
            with opener(raw) as stream:
                yield stream
        except failures:
            raise ClaimsError(
                f"{path}: cannot be read (the compressed data is damaged or cut short)"
            ) from None


@contextmanager
def compressed(name: str, stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """A stream that compresses what is written to it, as the file's ending says.

    Raises:
        OutputError: this Python cannot compress it.
    """
    ending = Path(name).suffix.lower()
    if ending == ".gz":
        # Without name and time, so that the same rows make the same file.
        with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as out:
            yield cast("IO[bytes]", out)
    elif ending == ".zst":
        module = _zstd()
        if module is None:
            raise OutputError(f"{name}: this Python cannot write Zstandard; write a .gz file")
        with module.ZstdFile(stream, "wb") as out:
            yield out
    else:
        yield stream


def _zstd() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return importlib.import_module(name)
    return None


def _decompressor(
    path: str, compression: str
) -> tuple[Callable[[IO[bytes]], Any], tuple[type[Exception], ...]]:
    """What reads a compressed file, and how it fails on a damaged one."""
    if compression == "gzip":
        return gzip.open, (EOFError, gzip.BadGzipFile, zlib.error)
    if compression == "zstd":
        if (module := _zstd()) is not None:
            return module.ZstdFile, (EOFError, module.ZstdError)
        raise ClaimsError(f"{path}: a Zstandard file, which this Python cannot read")
    return nullcontext, ()


def _known(encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding)
        # A codec of bytes to bytes (zip, hex) is no encoding of text; nor is one of host names.
        "a".encode(codec.name).decode(codec.name, "surrogateescape")
    except (LookupError, UnicodeError):
        raise UsageError(
            f"--encoding {encoding}: there is no such encoding; expected utf-8, utf-16, "
            f"windows-1252 or latin-1"
        ) from None
    return {"utf-8-sig": UTF8, "ascii": UTF8, "iso8859-1": "latin-1"}.get(codec.name, codec.name)


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of plain text is NUL."""
    sample = head[:200]
    if len(sample) < 8:
        return None
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if odd > len(sample) * 0.4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) * 0.4 and not odd else None
