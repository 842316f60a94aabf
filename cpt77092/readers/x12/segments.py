"""From the text of interchanges to a frame of segments, each with the loop it is in.

Only segments that matter to a service line are kept. Which loop a segment belongs to
follows from the last segment that opened one: an NM1*82 after a CLM is the claim's rendering
provider, after an LX the line's, and after the SBR of another payer nobody's.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cpt77092.frozen import frozen
from cpt77092.readers.x12.interchange import Delimiters, Piece

NUMBER = "segment"
"""Segments are counted from 1, the file's first ISA."""
TEXT = "text"
PARTS = "parts"
TAG = "tag"
LOOP = "loop"
OWNER = "owner"
"""The segment that opened the loop that a segment is in."""

ENVELOPE = ("ISA", "GS", "ST", "SE", "GE", "IEA")
OTHER = "other payer"
"""The loop of a payer that is not the claim's destination (2320), which an SBR in a claim opens."""
TAGS = pl.Enum(
    [*ENVELOPE, "HL", "SBR", "CLM", "LX", "SV1", "NM1", "DTP", "REF", "HI", "DMG", OTHER]
)
_TAG = r"^[A-Z][A-Z0-9]{1,2}$"
_HEAD = 4
"""A tag has two or three characters, and an element separator after it."""


@frozen
class Segments:
    """The segments of one piece of a file."""

    frame: pl.DataFrame
    """`segment, tag, text, loop, owner` of the segments that are read here."""
    nameless: pl.Series
    """Numbers of the segments whose tag is none: something is lost or in the way."""
    delimiters: Delimiters


def read_segments(piece: Piece) -> Segments:
    """Split a text of claims into its segments, each with its loop."""
    segments = tagged_segments(piece, TAGS)
    return replace(segments, frame=_with_loops(segments.frame))


def tagged_segments(piece: Piece, tags_read: pl.Enum) -> Segments:
    """Split a text into its segments, and keep those with some tags: `segment, tag, text`."""
    element = piece.delimiters.element.decode()
    texts = _split(piece.data, piece.delimiters.terminator.decode())
    heads = texts.str.head(_HEAD)
    tags = heads.unique().to_frame(TEXT).with_columns(tag=pl.col(TEXT).str.split(element).list[0])
    known = tags.filter(pl.col(TAG).is_in(tags_read.categories.implode()))
    damaged = tags.filter(~pl.col(TAG).str.contains(_TAG))[TEXT]
    tag = heads.replace_strict(known[TEXT], known[TAG], default=None, return_dtype=tags_read)
    numbers = pl.int_range(
        piece.first_segment, piece.first_segment + texts.len(), dtype=pl.UInt32, eager=True
    )
    nameless = numbers.filter(heads.is_in(damaged.implode())) if damaged.len() else numbers.clear()
    frame = pl.DataFrame({NUMBER: numbers, TAG: tag, TEXT: texts}).filter(pl.col(TAG).is_not_null())
    return Segments(frame, nameless, piece.delimiters)


def parted(frame: pl.DataFrame, delimiters: Delimiters) -> pl.DataFrame:
    """Segments with their elements as a list in `parts`; the tag is number 0."""
    return frame.with_columns(pl.col(TEXT).str.split(delimiters.element.decode()).alias(PARTS))


def last(condition: pl.Expr) -> pl.Expr:
    """The number of the last segment of a kind, up to each segment."""
    return pl.when(condition).then(NUMBER).forward_fill()


def nth(number: int, *, of: str = PARTS) -> pl.Expr:
    """An element or component, blank where the segment ends before it."""
    return pl.col(of).list.get(number, null_on_oob=True).fill_null("").str.strip_chars()


def _split(data: bytes, terminator: str) -> pl.Series:
    """The segments of a text.

    The CSV reader splits on both cores; a character that the text lacks keeps it from splitting
    any segment further.
    """
    absent = next(
        mark for mark in map(chr, range(1, 128)) if mark not in "\r\n" and mark.encode() not in data
    )
    return pl.read_csv(
        data,
        has_header=False,
        schema={TEXT: pl.String},
        separator=absent,
        eol_char=terminator,
        quote_char=None,
        empty_string_is_null=False,
    )[TEXT].fill_null("")


def _with_loops(frame: pl.DataFrame) -> pl.DataFrame:
    tag = pl.col(TAG)
    # An SBR right after an HL says who the subscriber is; in a claim it opens another payer.
    opener = pl.when(tag.is_in(["ST", "SE", "HL", "CLM", "LX"])).then(tag)
    is_other = (tag == "SBR") & (opener.forward_fill() != "HL")
    loop = pl.when(is_other).then(pl.lit(OTHER, TAGS)).otherwise(opener)
    return frame.with_columns(loop.alias(LOOP)).with_columns(
        pl.col(LOOP).forward_fill(),
        pl.when(pl.col(LOOP).is_not_null()).then(NUMBER).forward_fill().alias(OWNER),
    )
