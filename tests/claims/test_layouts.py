"""Wide files, combined cells, shipped layouts and the user's own."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt77092.claims.columns import BY_NAME
from cpt77092.claims.layouts import load_layout, shipped_layouts
from cpt77092.cli.main import main
from cpt77092.errors import UsageError
from cpt77092.readers import Batch, Options, Tally, open_claims, read_batch
from cpt77092.reference.codes import CHECKED

NEEDED = frozenset(BY_NAME)


def read(file: Path, *, payer: str | None = None, layout: str | None = None) -> Batch:
    options = Options(payer=payer, layout=load_layout(layout) if layout else None)
    return read_batch([str(file)], needed=NEEDED, scope=CHECKED, options=options)


def written(folder: Path, *rows: str, name: str = "claims.csv") -> Path:
    file = folder / name
    file.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return file


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(str(stop.value.code))


# Rows that hold several lines

SYNPUF = (
    "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,CLM_THRU_DT,ICD9_DGNS_CD_1,ICD9_DGNS_CD_2,"
    + ",".join(f"PRF_PHYSN_NPI_{n}" for n in range(1, 14))
    + ","
    + ",".join(f"HCPCS_CD_{n}" for n in range(1, 14))
    + ","
    + ",".join(f"LINE_NCH_PMT_AMT_{n}" for n in range(1, 14))
)


def synpuf_row(claim: str, codes: list[str]) -> str:
    npis = [f"155500{n:04d}" for n in range(13)]
    cells = ["P1", claim, "20260302", "20260302", "M810", "", *npis]
    cells += codes + [""] * (13 - len(codes))
    return ",".join([*cells, *["10.00"] * 13])


def test_each_line_of_a_wide_row_is_a_line(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        SYNPUF,
        synpuf_row("C1", ["77080", "", "77092", "99213"]),
        synpuf_row("C2", ["99213", "36415"]),
        synpuf_row("C3", []),
        synpuf_row("C4", ["77089"]) + ",,",
        ",",
    )
    batch = read(file, payer="medicare")
    assert batch.total == Tally(rows=8, in_scope=3, no_code=1, not_data=1, rejected=0)
    codes = batch.lines.select(
        "claim_id", "hcpcs_code", "claim_line_number", "rendering_npi", "source_row"
    )
    assert codes.rows() == [
        ("C1", "77080", 1, "1555000000", 2),
        ("C1", "77092", 3, "1555000002", 2),
        ("C4", "77089", 1, "1555000000", 5),
    ]
    assert batch.lines["diagnosis_code_1"].to_list() == ["M810"] * 3


def test_a_wide_row_that_is_damaged_is_rejected_once(tmp_path: Path) -> None:
    rows = [synpuf_row("C1", ["77080", "77092"]), synpuf_row("C2", ["77080", "77092"]) + ",x"]
    batch = read(written(tmp_path, SYNPUF, *rows), payer="medicare")
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=0, rejected=1)


def test_a_row_that_is_set_aside_is_not_counted_again_for_its_shape(tmp_path: Path) -> None:
    layout = tmp_path / "mine.yaml"
    layout.write_text(USER_LAYOUT, encoding="utf-8")
    lines = ("A1,77092,2026-03-02,C", "A2,77092,2026-03-02,D", "A3,77092,2026-03-02,P", "Total")
    batch = read(
        written(tmp_path, "Nr,What,When,Kind", *lines), payer="medicare", layout=str(layout)
    )
    assert (batch.total.rows, batch.total.in_scope, batch.total.not_data) == (4, 2, 2)
    assert batch.total.out_of_scope == 0


@pytest.mark.parametrize(
    "header",
    [
        "claim,payer,dos,CPT1,Mod1,Units1,Charge1,CPT2,Mod2,Units2,Charge2",
        "claim,payer,dos,cpt_1,mod_1,units_1,charge_1,cpt_2,mod_2,units_2,charge_2",
        "claim,payer,dos,Line 1 CPT,Line 1 Mod,Line 1 Units,Line 1 Charges,"
        "Line 2 CPT,Line 2 Mod,Line 2 Units,Line 2 Charges",
        "claim,payer,dos,24D line 1,Mod line 1,24G line 1,24F line 1,"
        "24D line 2,Mod line 2,24G line 2,24F line 2",
        "claim,payer,dos,CPT,Mod,Units,Charge,CPT 2,Mod 2,Units 2,Charge 2",
        "claim,payer,dos,CPT,Mod,Units,Charge,CPT,Mod,Units,Charge",
    ],
)
def test_a_claim_form_export_is_read_line_by_line(header: str, tmp_path: Path) -> None:
    row = "A1,Medicare,2026-03-02,77080,TC,1,120.00,77092,26,2,45.00"
    lines = read(written(tmp_path, header, row)).lines
    columns = ("hcpcs_code", "hcpcs_modifier_1", "service_unit_quantity", "claim_line_number")
    assert lines.select(columns).rows() == [("77080", "TC", 1.0, 1), ("77092", "26", 2.0, 2)]
    assert [str(charge) for charge in lines["charge_amount"]] == ["120.0000", "45.0000"]


def test_a_wide_table_of_numbers_is_read_like_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "claim": [1, 2],
            "payer": ["Medicare"] * 2,
            "dos": ["2026-03-02"] * 2,
            "cpt1": [77080, 99213],
            "cpt2": [77092, None],
            "units1": [1, 1],
            "units2": [2, None],
        }
    )
    frame.write_parquet(tmp_path / "claims.parquet")
    batch = read(tmp_path / "claims.parquet")
    assert batch.total == Tally(rows=3, in_scope=2, no_code=0, not_data=0, rejected=0)
    assert batch.lines["service_unit_quantity"].to_list() == [1.0, 2.0]


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    claims=st.lists(
        st.lists(st.sampled_from(["77092", "77080", "99213", "36415", ""]), max_size=6),
        min_size=1,
        max_size=8,
    )
)
def test_wide_and_long_give_the_same_lines(
    claims: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wide")
    wide = ["claim,payer,dos," + ",".join(f"cpt{n}" for n in range(1, 7))]
    long = ["claim,payer,dos,cpt,line"]
    for number, codes in enumerate(claims):
        start = f"A{number},Medicare,2026-03-02"
        wide.append(",".join([start, *codes, *[""] * (6 - len(codes))]))
        filled = [f"{start},{code},{n}" for n, code in enumerate(codes, 1) if code]
        long += filled or [f"{start},,1"]
    one = read(written(folder, *wide, name="wide.csv"))
    other = read(written(folder, *long, name="long.csv"))
    assert one.total == other.total
    columns = ("claim_id", "hcpcs_code", "claim_line_number")
    assert one.lines.select(columns).rows() == other.lines.select(columns).rows()


# Several codes in one cell


@pytest.mark.parametrize(
    "cell",
    [
        *("26 59", '"26,59"', "26^59", "26;59", "26|59", "26/59 ", "26, 59"),
        *("26-59", "-26-59", "26,59,,", ",26,,59", "2659"),
    ],
)
@pytest.mark.parametrize("header", ["Modifiers", "Modifier", "Mods"])
def test_a_combined_modifier_cell_is_split(cell: str, header: str, tmp_path: Path) -> None:
    text = cell if "|" in cell or cell.startswith('"') else f'"{cell}"'
    file = written(
        tmp_path, f"claim,payer,dos,cpt,{header}", f"A1,Medicare,2026-03-02,77092,{text}"
    )
    modifiers = [f"hcpcs_modifier_{n}" for n in range(1, 6)]
    assert read(file).lines.select(modifiers).rows() == [("26", "59", "", "", "")]


@pytest.mark.parametrize(
    "cell", ["2650T", "265", "26-5", "ZZ26", "26 5", "26 59 TC 76 77 GA", "x", "TECH", "Hold"]
)
def test_a_cell_that_is_no_list_of_modifiers_stays(cell: str, tmp_path: Path) -> None:
    file = written(tmp_path, "claim,payer,dos,cpt,mods", f"A1,Medicare,2026-03-02,77092,{cell}")
    assert read(file).lines["hcpcs_modifier_1"].to_list() == [cell]


@pytest.mark.parametrize(("cell", "code"), [("-26", "26"), ('"26,,"', "26"), ('",,,"', "")])
def test_separators_without_codes_are_left_out(cell: str, code: str, tmp_path: Path) -> None:
    file = written(tmp_path, "claim,payer,dos,cpt,mods", f"A1,Medicare,2026-03-02,77092,{cell}")
    assert read(file).lines["hcpcs_modifier_1"].to_list() == [code]


def test_a_cell_beside_a_second_modifier_column_is_not_split(tmp_path: Path) -> None:
    file = written(tmp_path, "claim,payer,dos,cpt,mod1,mod2", "A1,Medicare,2026-03-02,77092,26 59,")
    assert read(file).lines["hcpcs_modifier_1"].to_list() == ["26 59"]


@pytest.mark.parametrize("cell", ["M81.0 Z78.0", '"M81.0, Z78.0"', "M81.0;Z78.0", "M81.0|Z78.0"])
def test_several_diagnoses_in_a_cell_are_split(cell: str, tmp_path: Path) -> None:
    file = written(
        tmp_path, "claim,payer,dos,cpt,Dx Codes,n", f"A1,Medicare,2026-03-02,77092,{cell},1"
    )
    lines = read(file).lines
    codes = lines.select("diagnosis_code_1", "diagnosis_code_2", "diagnosis_code_3").rows()
    assert codes == [("M81.0", "Z78.0", "")]


# Layouts by name

SYNTHEA = (
    "ID,CLAIMID,CHARGEID,PATIENTID,TYPE,AMOUNT,METHOD,FROMDATE,TODATE,PLACEOFSERVICE,"
    "PROCEDURECODE,MODIFIER1,MODIFIER2,UNITS,PROVIDERID"
)


def test_of_synthea_only_charges_are_lines(tmp_path: Path) -> None:
    day = "2026-03-02T08:00:00Z"
    file = written(
        tmp_path,
        SYNTHEA,
        f"1,A1,1,P1,CHARGE,45.00,,{day},{day},org,77092,26,,1,x",
        f"2,A1,1,P1,PAYMENT,45.00,CASH,{day},{day},org,77092,,,,x",
        f"3,A1,2,P1,CHARGE,45.00,,{day},{day},org,99213,,,1,x",
    )
    batch = read(file, payer="medicare")
    assert batch.scans[0].opened.headers.layout == "synthea"
    assert batch.total == Tally(rows=3, in_scope=1, no_code=0, not_data=1, rejected=0)
    assert batch.lines["place_of_service_code"].to_list() == [None]
    assert "TYPE" not in batch.scans[0].opened.headers.unused
    file.write_text(file.read_text().replace(SYNTHEA, SYNTHEA.lower()))  # as databases write it
    assert read(file, payer="medicare").total == batch.total


def test_every_shipped_layout_names_its_own_headers() -> None:
    for layout in shipped_layouts():
        assert layout.known_by
        assert layout.columns["hcpcs_code"]


USER_LAYOUT = """\
layout: mine
columns:
  claim_id: Nr
  hcpcs_code: What
  claim_line_start_date: When
rows:
  Kind: [C, D]
"""


def test_a_users_layout_is_read(tmp_path: Path) -> None:
    layout = tmp_path / "mine.yaml"
    layout.write_text(USER_LAYOUT, encoding="utf-8")
    file = written(
        tmp_path,
        "Title of it",
        "Nr,What,When,Kind",
        "A1,77092,2026-03-02,C",
        "A2,77092,2026-03-02,P",
        "A3,77092,2026-03-02,D",
    )
    batch = read(file, payer="medicare", layout=str(layout))
    assert batch.lines["claim_id"].to_list() == ["A1", "A3"]
    assert batch.total.not_data == 1
    options = Options(layout=load_layout(str(layout)))
    assert open_claims(str(file), options).headers.layout == "mine"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected columns:"),
        ("columns: {hcpcs: x}", "there is no column hcpcs (did you mean hcpcs_code?)"),
        ("columns: {hcpcs_code: {}}", "hcpcs_code: expected a header"),
        ("colums: {}\ncolumns: {hcpcs_code: x}", "'colums' means nothing here (did you mean"),
        ("columns: {hcpcs_code: x}\nrows: 1", "rows: expected lines"),
        ("columns: [", "not a YAML file"),
        ("columns: {hcpcs_code: Procedure}", "has no header 'Procedure'"),
        ("columns: {hcpcs_code: [cpt, dos], payer: [cpt, dos, claim]}", "give one for each line"),
    ],
)
def test_a_layout_that_says_nothing_useful_is_refused(
    text: str, words: str, tmp_path: Path
) -> None:
    layout = tmp_path / "mine.yaml"
    layout.write_text(text, encoding="utf-8")
    file = written(tmp_path, "claim,payer,dos,cpt", "A1,Medicare,2026-03-02,77092")
    with pytest.raises(UsageError) as problem:
        read(file, layout=str(layout))
    assert words in str(problem.value)
    assert len(problem.value.lines) == 1


# scrub columns


def test_columns_show_samples_and_mask_patients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(
        tmp_path,
        "claim,payer,dos,cpt,mrn,dob,name",
        "A1,Medicare,2026-03-02,77092,MRN778,1950-01-02,JANE DOE",
        "A2,Aetna,2026-03-03,77080,MRN779,1951-02-03,JOHN DOE",
    )
    assert run("columns", str(file)) == 0
    out = capsys.readouterr().out
    assert "Medicare" in out
    assert "AAA999" in out
    assert not any(word in out for word in ("MRN778", "778", "1950", "JANE"))


@pytest.mark.parametrize("shape", ["long", "wide", "synthea"])
def test_a_layout_that_columns_writes_reads_the_same_lines(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "long": ("claim,payer,dos,cpt,mod1", "A1,Medicare,2026-03-02,77092,26"),
        "wide": (SYNPUF, synpuf_row("C1", ["77080", "77092"])),
        "synthea": (SYNTHEA, "1,A1,1,P1,CHARGE,4,,2026-03-02,2026-03-02,o,77092,26,,1,x"),
    }
    file = written(tmp_path, *files[shape])
    assert run("columns", str(file), "--format", "yaml") == 0
    layout = tmp_path / "layout.yaml"
    layout.write_text(capsys.readouterr().out, encoding="utf-8")
    one, other = (read(file, payer="medicare", layout=x) for x in (None, str(layout)))
    assert one.lines.select("claim_id", "hcpcs_code", "rendering_npi").equals(
        other.lines.select("claim_id", "hcpcs_code", "rendering_npi")
    )
    assert one.total == other.total
