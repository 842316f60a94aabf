"""Whether a file holds the transactions that are read, and whether all of it is there.

Another kind of transaction and a missing trailer are refused. Where only a count or a control
number is wrong, the lines can be read, but some may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from cpt77092.errors import ClaimsError, Problem
from cpt77092.frozen import frozen
from cpt77092.readers.x12.interchange import Interchange, Piece, find_interchanges, pieces
from cpt77092.readers.x12.segments import ENVELOPE, NUMBER, TAG, Segments, nth, parted
from cpt77092.text import count


@frozen
class Kind:
    """A kind of transaction that is read."""

    set_code: str
    """ST01."""
    versions: tuple[str, ...]
    """Guides that it may follow, without the letters of their errata."""
    read_here: str
    """What is read where it is asked for, for messages."""

    def is_one(self) -> pl.Expr:
        """Whether an ST of `_with_versions` opens such a transaction."""
        version = pl.col("version")
        fits = pl.any_horizontal(version.str.starts_with(known) for known in self.versions)
        return (pl.col("e1") == self.set_code) & fits


PROFESSIONAL = Kind(
    "837",
    ("005010X222", "004010X098"),
    "scrub reads professional claims (837P, 005010X222 or 004010X098)",
)
REMITTANCE = Kind(
    "835",
    ("005010X221", "004010X091"),
    "scrub grade reads remittances (835, 005010X221 or 004010X091)",
)
_OTHER_CLAIMS = {
    "005010X223": "an institutional claim file (837I)",
    "004010X096": "an institutional claim file (837I)",
    "005010X224": "a dental claim file (837D)",
    "004010X097": "a dental claim file (837D)",
    "005010X298": "a file of claims already paid (post-adjudicated 837)",
}
_OTHER_SETS = {
    "270": "an eligibility inquiry (270)",
    "271": "an eligibility response (271)",
    "276": "a claim status request (276)",
    "277": "a claim status response (277)",
    "278": "a services review (278)",
    "820": "a premium payment (820)",
    "834": "an enrollment file (834)",
    "835": "a remittance (835)",
    "997": "an acknowledgment (997)",
    "999": "an acknowledgment (999)",
}
_LOSS = "; lines may be missing"

# What may follow what, so that every header has its trailer.
_FOLLOWS = {
    "ISA": ("GS", "IEA"),
    "GS": ("ST", "GE"),
    "ST": ("SE",),
    "SE": ("ST", "GE"),
    "GE": ("GS", "IEA"),
    "IEA": ("ISA",),
}
_TRAILER = {"ISA": "IEA", "GS": "GE", "ST": "SE"}


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """An error that does not keep the lines from being read."""

    segment: int
    text: str


@dataclass(slots=True)
class Transactions:
    """The transactions of one kind in a file, and what is wrong with it."""

    kind: Kind
    path: str
    data: bytes
    """As `interchange.bare_interchanges` gives them."""
    split: Callable[[Piece], Segments]
    """Splits a piece into its segments."""
    notes: tuple[str, ...] = ()
    """A sentence for each other kind of transaction; known once all pieces are read."""
    faults: list[Fault] = field(default_factory=list)
    """In the order of the file, once all pieces are read."""

    def __iter__(self) -> Iterator[Segments]:
        """The segments of each piece.

        Raises:
            ClaimsError: the file is cut off, or is of another kind.
        """
        interchanges = find_interchanges(self.data, self.path)
        envelope, version = [], ""
        for piece in pieces(self.data, interchanges):
            segments = self.split(piece)
            envelope.append(_headers(segments))
            segments, version = _only(self.kind, segments, version)
            self.faults += _faults_within(segments)
            yield segments
        frame = pl.concat(envelope)
        self.notes = _check_kinds(self.kind, frame, self.path)
        self.faults = sorted([*self.faults, *_faults_around(frame, interchanges)])

    def require_right(self) -> None:
        """Refuse a file with faults.

        Raises:
            ClaimsError: it has some.
        """
        if self.faults:
            first, more = self.faults[0], len(self.faults) - 1
            also = f" (and {more:,} more such)" if more else ""
            text = f"{self.path}:{first.segment}: {first.text}{also}. Get the file again"
            raise ClaimsError(Problem(text=text, typed=f"{text}, or read it with --lenient"))


def _headers(segments: Segments) -> pl.DataFrame:
    """Headers and trailers among the segments of a piece, with the elements that are looked at."""
    frame = segments.frame.filter(pl.col(TAG).is_in(ENVELOPE))
    return parted(frame, segments.delimiters).select(
        NUMBER, TAG, *(nth(number).alias(f"e{number}") for number in (1, 2, 3, 6, 8, 13))
    )


def _faults_within(segments: Segments) -> Iterator[Fault]:
    """What is wrong among the segments of a piece."""
    problems = {
        "a segment without a valid tag": segments.nameless,
        "this HL is not under the level it names": _levels_off(segments),
    }
    for problem, numbers in problems.items():
        if numbers.len():
            more = f" (and {numbers.len() - 1:,} more)" if numbers.len() > 1 else ""
            yield Fault(numbers[0], f"{problem}{more}{_LOSS}")


def _only(kind: Kind, segments: Segments, version: str) -> tuple[Segments, str]:
    """The segments of a piece without those of other kinds of transactions.

    Args:
        kind: of transaction that is read.
        segments: of the piece.
        version: of the group that the piece begins in (GS08).

    Returns:
        The same for the next piece.
    """
    frame = segments.frame
    heads = _with_versions(_headers(segments), version)
    sets = heads.filter(pl.col(TAG) == "ST").select(NUMBER, is_read=kind.is_one())
    if not sets["is_read"].all():
        read = frame.join(sets, on=NUMBER, how="left", maintain_order="left")
        read = read.filter(pl.col("is_read").forward_fill().fill_null(value=True))
        segments = replace(segments, frame=read.drop("is_read"))
    return segments, str(heads["group_version"].last()) if heads.height else version


def _with_versions(frame: pl.DataFrame, first: str = "") -> pl.DataFrame:
    """Headers with the version of their group, and of themselves.

    ST03 repeats the version of the GS; a 4010 file has none, and some 5010 files leave it out.
    """
    group = pl.when(pl.col(TAG) == "GS").then("e8").forward_fill().fill_null(first)
    stated = pl.when(pl.col("e3") != "").then("e3").otherwise("group_version")
    return frame.with_columns(group_version=group).with_columns(version=stated)


def _check_kinds(wanted: Kind, frame: pl.DataFrame, path: str) -> tuple[str, ...]:
    """Look at the kinds of transactions among all the `_headers` of a file.

    Returns:
        A sentence for each other kind next to the one that is wanted.

    Raises:
        ClaimsError: a trailer is missing, there is nothing of the kind, or claims of a kind that is
            not known.
    """
    _require_trailers(frame, path)
    sets = _with_versions(frame).filter(pl.col(TAG) == "ST")
    others = sets.filter(~wanted.is_one())
    is_mixed = others.height < sets.height
    kinds: dict[str, int] = {}
    for number, kind, version in others.select(NUMBER, "e1", "version").iter_rows():
        name, is_known = _kind(kind, version)
        if not (is_mixed and is_known):
            raise ClaimsError(f"{path}:{number}: {name}; {wanted.read_here}")
        kinds[name] = kinds.get(name, 0) + 1
    return tuple(f"transactions not read: {count:,} ({kind})" for kind, count in kinds.items())


def _kind(kind: str, version: str) -> tuple[str, bool]:
    """What a transaction is, and whether that is certain."""
    if kind != "837":
        return _OTHER_SETS.get(kind, "no claim file (its ST segment is not of 837)"), True
    if not version:
        return "a claim file of unknown kind (GS08 and ST03 are blank)", False
    if version.startswith(PROFESSIONAL.versions):
        return "a professional claim file (837P)", True
    known = _OTHER_CLAIMS.get(version[:10])
    return known or f"a claim file of version {version[:20]!r}", known is not None


def _faults_around(frame: pl.DataFrame, interchanges: Sequence[Interchange]) -> Iterator[Fault]:
    """The faults among all the `_headers` of a file that can be read past."""
    for interchange in interchanges:
        if not interchange.is_padded:
            problem = "the ISA is not padded to its 106 characters; a payer may refuse it"
            yield Fault(interchange.first_segment, problem)
    yield from _trailers_off(frame)


def _require_trailers(frame: pl.DataFrame, path: str) -> None:
    following = pl.col(TAG).shift(-1)
    fits = pl.any_horizontal(
        (pl.col(TAG) == tag) & following.is_in(list(after)) for tag, after in _FOLLOWS.items()
    )
    # `find_interchanges` has made sure that the file begins with an ISA and ends with an IEA.
    broken = frame.with_columns(after=following, at=pl.col(NUMBER).shift(-1)).filter(~fits)
    if not broken.height:
        return
    first = broken.row(0, named=True)
    tag, after, at = first[TAG], first["after"], first["at"]
    if tag in _TRAILER:
        problem = f"{tag} at segment {first[NUMBER]} has no {_TRAILER[tag]} before it"
    else:
        problem = f"expected {' or '.join(_FOLLOWS[tag])} after {tag} at segment {first[NUMBER]}"
    raise ClaimsError(
        f"{path}:{at}: {after} out of place: {problem}; a part is missing, get the whole file"
    )


def _trailers_off(frame: pl.DataFrame) -> Iterator[Fault]:
    """Counts and control numbers of trailers that differ from what is there."""
    tag = pl.col(TAG)
    sets, groups = (tag == "ST").cum_sum(), (tag == "GS").cum_sum()
    there = {
        "SE": pl.col(NUMBER) - _of_header("ST", pl.col(NUMBER)) + 1,
        "GE": sets - _of_header("GS", sets),
        "IEA": groups - _of_header("ISA", groups),
    }
    control = {
        "SE": _of_header("ST", pl.col("e2")),
        "GE": _of_header("GS", pl.col("e6")),
        "IEA": _of_header("ISA", pl.col("e13")),
    }
    trailers = frame.with_columns(
        there=pl.coalesce(pl.when(tag == name).then(number) for name, number in there.items()),
        control=pl.coalesce(pl.when(tag == name).then(text) for name, text in control.items()),
    ).filter(tag.is_in(list(there)))
    same_count = pl.col("e1").cast(pl.Int64, strict=False) == pl.col("there")
    trailers = trailers.with_columns(
        same_count=same_count.fill_null(value=False), same_control=_bare("e2") == _bare("control")
    )
    off = trailers.filter(~pl.col("same_count") | ~pl.col("same_control"))
    what = {"SE": "segment", "GE": "transaction set", "IEA": "functional group"}
    for row in off.iter_rows(named=True):
        name, there_are = row[TAG], row["there"]
        problem = f"{name} has another control number than its header"
        if not row["same_count"]:
            verb, stated = "is" if there_are == 1 else "are", row["e1"][:10] or "nothing"
            problem = f"{name} counts {stated}, there {verb} {count(there_are, what[name])}"
        yield Fault(row[NUMBER], f"{problem}{_LOSS}")


def _of_header(tag: str, value: pl.Expr) -> pl.Expr:
    return pl.when(pl.col(TAG) == tag).then(value).forward_fill()


def _bare(column: str) -> pl.Expr:
    """A control number without leading zeros: some writers pad it in one place only."""
    return pl.col(column).str.strip_chars_start("0")


def _levels_off(segments: Segments) -> pl.Series:
    """HL segments that name another parent than the one they are under."""
    levels = segments.frame.filter(pl.col(TAG).is_in(["ST", "HL"]))
    levels = parted(levels, segments.delimiters).select(
        NUMBER, TAG, own=nth(1), parent=nth(2), level=nth(3)
    )
    tag, level = pl.col(TAG), pl.col("level")

    def last(opener: str, ends: pl.Expr) -> pl.Expr:
        own = pl.when(level == opener).then("own").when(ends).then(pl.lit("none"))
        return own.forward_fill()

    # A new transaction set, and a wider level, close the levels below them.
    parents = {
        "20": pl.lit(""),
        "22": last("20", tag == "ST"),
        "23": last("22", (tag == "ST") | (level == "20")),
    }
    fits = (pl.when(level == name).then(pl.col("parent") == of) for name, of in parents.items())
    is_right = pl.coalesce(*fits, tag == "ST")
    return levels.filter(~is_right.fill_null(value=False))[NUMBER]
