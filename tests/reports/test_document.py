"""One small document with every kind of item, in each of its four forms."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from cpt77092.choices import DocumentFormat
from cpt77092.document import (
    Bar,
    BarChart,
    Column,
    Document,
    Point,
    Row,
    Section,
    Series,
    Statement,
    StepChart,
    Table,
)
from cpt77092.reference.sources import Source
from cpt77092.reports.document import RENDERERS, text

FIRST, SECOND, THIRD, DETAIL = (
    Source(title=title, url=f"https://example.org/{title}")
    for title in ("first", "second", "third", "detail")
)


def figures(*rows: tuple[str, str], sources: tuple[Source, ...] | None = None) -> Table:
    columns = (Column(name="Code"), Column(name="Share of lines", unit="lines"))
    body = tuple(Row(cells=cells, sources=sources, is_note=cells[0] == "policy") for cells in rows)
    return Table(title="By code", columns=columns, rows=body)


@pytest.fixture
def document() -> Document:
    steps = StepChart(
        title="Fee by year",
        unit="dollars",
        series=(
            Series(
                name="77092",
                points=(Point(first_day=date(2026, 1, 1), last_day=None, amount=Decimal("10.02")),),
            ),
        ),
        sources=(THIRD,),
    )
    bars = BarChart(
        title="Use of 26",
        note="Share of lines.",
        bars=(
            Bar(label="Aetna", text="50% (1 of 2)", lengths=(0.5, 0.25)),
            Bar(label="Cigna", text="n/a", lengths=()),
        ),
        legend=("clean", "with an error"),
        full=1,
    )
    hidden = Section(
        key="more",
        title="In full",
        items=(figures(("77089", "1% (1 of 99)"), sources=(DETAIL,)),),
        is_detail=True,
    )
    payer = Section(
        key="payer",
        title="A payer",
        items=(
            Statement(text="Not allowed.", about="26 on 77092", sources=(FIRST, SECOND, THIRD)),
            figures(("77092", "33% (3 of 9)"), ("policy", "not allowed")),
            Section(key="fees", title="Fees", items=(steps, bars)),
            hidden,
        ),
    )
    own = Statement(text="9 rows were read.", sources=None)
    return Document(
        title="Title",
        subtitle="As of today",
        on=date(2026, 11, 23),
        introduction=(own,),
        sections=(payer,),
    )


@pytest.mark.parametrize("form", DocumentFormat)
def test_every_form_holds_every_figure_outside_of_details(
    document: Document, form: DocumentFormat
) -> None:
    written = RENDERERS[form](document)
    for figure in ("9 rows were read.", "Not allowed.", "33% (3 of 9)", "50% (1 of 2)", "A payer"):
        assert figure in written
    is_whole = form in {DocumentFormat.HTML, DocumentFormat.JSON}
    for of_details in ("1% (1 of 99)", "In full", "https://example.org/detail"):
        assert (of_details in written) == is_whole
    for source in (FIRST, SECOND, THIRD):
        assert source.url in written


def test_sources_are_numbered_in_order_and_those_of_details_come_last(document: Document) -> None:
    assert document.sources == (FIRST, SECOND, THIRD, DETAIL)
    assert document.without_details == 3
    assert "Not allowed. [1-3]" in RENDERERS[DocumentFormat.TEXT](document)
    assert r"Not allowed. \[1-3\]" in RENDERERS[DocumentFormat.MARKDOWN](document)
    page = RENDERERS[DocumentFormat.HTML](document)
    assert '<a href="#source-1">1</a>&ndash;<a href="#source-3">3</a>' in page


def test_a_table_without_sources_has_no_column_for_them(document: Document) -> None:
    table = RENDERERS[DocumentFormat.MARKDOWN](document)
    assert "| Code | Share of lines |\n| --- | ---: |\n| 77092 | 33% (3 of 9) |" in table


def test_html_folds_details_and_draws_the_parts_of_a_bar(document: Document) -> None:
    page = RENDERERS[DocumentFormat.HTML](document)
    assert re.search(r"<details>\s*<summary>In full</summary>", page)
    assert 'x="0.0" width="50.0"' in page
    assert 'x="50.0" width="25.0"' in page
    assert "77092 goes from $10.02 (2026-01-01) to $10.02 (2026-01-01)" in page
    assert 'class="has-note"' in page


def test_json_names_the_kind_of_each_item(document: Document) -> None:
    record = json.loads(RENDERERS[DocumentFormat.JSON](document))
    [section] = record["sections"]
    kinds = ["statement", "table", "section", "section"]
    assert [item["kind"] for item in section["items"]] == kinds
    assert section["items"][0]["sources"] == [1, 2, 3]
    assert section["items"][1]["rows"][0]["cells"] == ["77092", "33% (3 of 9)"]
    steps, bars = section["items"][2]["items"]
    assert (steps["kind"], steps["series"][0]["points"][0]["amount"]) == ("chart", "10.02")
    assert (bars["kind"], bars["bars"][0]["lengths"]) == ("bars", [0.5, 0.25])
    assert record["introduction"][0]["sources"] == []


@pytest.mark.parametrize("width", [40, 80, 140])
def test_the_terminal_is_never_too_narrow_for_a_word_and_a_bar(
    document: Document, width: int
) -> None:
    out = io.StringIO()
    text.show(Console(file=out, width=width, highlight=False), document)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert re.search(r"Aetna +█+▌?▒+ +50% \(1", out.getvalue())
