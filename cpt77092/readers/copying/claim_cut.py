"""An 837P with some of its claims cut out: loops that are left empty go, and counts are made right.

The segments come in the order of the file. The header of an interchange or a group is held back
until a transaction set below it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cpt77092.readers.x12.raw_segments import RawSegment


@dataclass(slots=True)
class _Level:
    """A level of the hierarchy (HL); or what is before the first one of a transaction set."""

    segments: list[RawSegment]
    claims: list[list[RawSegment]] = field(default_factory=list)
    """The segments of each claim."""
    above: _Level | None = None
    has_claims: bool = False
    is_kept: bool = False


@dataclass(slots=True)
class _Envelope:
    """An open interchange or group."""

    header: list[RawSegment] = field(default_factory=list)
    """Empty once it is written."""
    parts: int = 0
    kept: int = 0


@dataclass(slots=True)
class ClaimCut:
    """Which claims of a file are kept, and the envelopes that are open."""

    claims: Collection[int]
    """Numbers of the CLM segments of all its professional claims."""
    kept: Collection[int]
    """Those to keep."""
    keeps_others: bool
    """Whether transaction sets without a professional claim, and empty envelopes, are kept."""
    _interchange: _Envelope = field(default_factory=_Envelope)
    _group: _Envelope = field(default_factory=_Envelope)

    def cut(self, segments: Iterable[RawSegment]) -> Iterator[RawSegment]:
        """The segments that are left."""
        of_set: list[RawSegment] = []
        for segment in segments:
            tag = segment.tag
            if of_set or tag == "ST":
                of_set.append(segment)
                if tag == "SE":
                    yield from self._transaction_set(of_set)
                    of_set = []
            elif tag == "ISA":
                self._interchange = _Envelope([segment])
            elif tag == "GS":
                self._group = _Envelope([segment])
            elif tag == "GE":
                yield from self._closed(self._group, segment, within=self._interchange)
            elif tag == "IEA":
                yield from self._closed(self._interchange, segment, within=None)
            elif self._interchange.header:  # as an acknowledgment (TA1) before the first group
                self._interchange.header.append(segment)
            else:
                yield segment

    def _transaction_set(self, segments: list[RawSegment]) -> Iterator[RawSegment]:
        numbers = [one.number for one in segments if one.number in self.claims]
        if not numbers:
            left = segments if self.keeps_others else []
        elif all(number in self.kept for number in numbers):
            left = segments
        elif any(number in self.kept for number in numbers):
            left = _cut_set(segments, self.claims, self.kept)
        else:
            left = []
        self._group.parts += 1
        if left:
            self._group.kept += 1
            yield from _written(self._interchange, self._group)
        yield from left

    def _closed(
        self, envelope: _Envelope, trailer: RawSegment, within: _Envelope | None
    ) -> Iterator[RawSegment]:
        """The trailer of an envelope with its count, if the envelope is kept."""
        is_kept = envelope.kept > 0 or (self.keeps_others and not envelope.parts)
        if within is not None:
            within.parts += 1
            within.kept += is_kept
        if not is_kept:
            return
        yield from _written(*([] if within is None else [within]), envelope)
        yield _counted(trailer, envelope.kept, was=envelope.parts)


def _written(*envelopes: _Envelope) -> Iterator[RawSegment]:
    """The headers that are not written yet."""
    for envelope in envelopes:
        yield from envelope.header
        envelope.header = []


def _counted(trailer: RawSegment, number: int, *, was: int) -> RawSegment:
    """A trailer that counts what is kept; as it is where nothing was cut out."""
    return trailer if number == was else trailer.with_elements({1: str(number)})


def _cut_set(
    segments: Sequence[RawSegment], claims: Collection[int], kept: Collection[int]
) -> list[RawSegment]:
    """A transaction set, ST to SE, of which some claims are kept and some are not."""
    *body, trailer = segments
    levels = _levels(body, claims)
    for level in reversed(levels):
        level.has_claims |= bool(level.claims)
        level.claims = [claim for claim in level.claims if claim[0].number in kept]
        level.is_kept |= bool(level.claims)
        if level.above is not None:
            level.above.has_claims |= level.has_claims
            level.above.is_kept |= level.is_kept
    for level in levels:  # a level that never had a claim stays with the level above
        level.is_kept |= not level.has_claims and (level.above is None or level.above.is_kept)
    left = [
        segment
        for level in _numbered_anew(levels)
        for part in (level.segments, *level.claims)
        for segment in part
    ]
    return [*left, _counted(trailer, len(left) + 1, was=len(segments))]


def _levels(segments: Sequence[RawSegment], claims: Collection[int]) -> list[_Level]:
    """The levels in order, the first being what is before the first HL."""
    levels = [_Level([])]
    by_number = {"": levels[0]}
    part = levels[0].segments
    for segment in segments:
        if segment.number in claims:
            part = []
            levels[-1].claims.append(part)
        elif segment.tag == "HL":
            level = _Level([], above=by_number.get(segment.element(2)))
            by_number[segment.element(1)] = level
            levels.append(level)
            part = level.segments
        part.append(segment)
    return levels


def _numbered_anew(levels: Sequence[_Level]) -> list[_Level]:
    """The levels that are kept: their numbers without a gap, if there was none, and HL04 true."""
    top, *below = levels
    kept = [level for level in below if level.is_kept]
    if len(kept) == len(below):
        return [top, *kept]
    old = [level.segments[0].element(1) for level in below]
    has_no_gap = old == [str(number) for number in range(1, len(below) + 1)]
    own = [level.segments[0].element(1) for level in kept]
    numbers = {number: str(n) if has_no_gap else number for n, number in enumerate(own, start=1)}
    emptied = {id(level.above) for level in below} - {id(level.above) for level in kept}
    for level in kept:
        head = level.segments[0]
        values = {1: numbers[head.element(1)]}
        if head.element(2):
            values[2] = numbers[head.element(2)]
        if id(level) in emptied:
            values[4] = "0"
        changes = {n: text for n, text in values.items() if text != head.element(n)}
        level.segments[0] = head.with_elements(changes) if changes else head
    return [top, *kept]
