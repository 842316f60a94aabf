"""Facts of the patient, as far as a claim states them."""

from __future__ import annotations

import polars as pl

from cpt77092.facts.fact import Context, Fact

_SEX_UNKNOWN = "the patient's sex is not stated as M, F, 1 or 2"


@Fact(reads=("patient_sex",), distinct_by=("patient_sex",), unknown=_SEX_UNKNOWN).of
def patient_is_male(_: Context) -> pl.Expr:
    """The patient's sex is male; unknown unless it is stated in one of the usual ways."""
    sex = pl.col("patient_sex").cast(pl.String).str.to_uppercase()
    male, female = sex.is_in(["M", "MALE", "1"]), sex.is_in(["F", "FEMALE", "2"])
    return pl.when(male | female).then(male)


@Fact(reads=("patient_is_male",), unknown=_SEX_UNKNOWN).of
def sex_of_patient(_: Context) -> pl.Expr:
    """M or F; unknown unless it is stated in one of the usual ways."""
    return (
        pl.when("patient_is_male")
        .then(pl.lit("M"))
        .when(~pl.col("patient_is_male"))
        .then(pl.lit("F"))
    )


@Fact(
    reads=("patient_birth_date", "claim_line_start_date"),
    unknown="patient_birth_date is after the date of service",
).of
def patient_age(_: Context) -> pl.Expr:
    """Full years on the date of service; who is born on February 29 turns older on March 1."""
    born, day = pl.col("patient_birth_date"), pl.col("claim_line_start_date")
    years = day.dt.year() - born.dt.year()
    is_before_birthday = _day_of_year(day) < _day_of_year(born)
    return pl.when(born <= day).then(years - is_before_birthday.cast(pl.Int32)).cast(pl.Int32)


def _day_of_year(day: pl.Expr) -> pl.Expr:
    """Month and day as one number: 1231 on December 31."""
    return day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
