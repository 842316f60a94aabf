"""The rule catalogue: every rule, named once, in the order in which people read them.

A new rule is one import and one line of `CATALOGUE`. Codes are never reused or renumbered.
"""

from __future__ import annotations

from cpt77092.rule import Rule
from cpt77092.rules.ch001_charge_not_positive import RULE as CH001
from cpt77092.rules.dt001_service_date_missing import RULE as DT001
from cpt77092.rules.dt002_code_not_in_force import RULE as DT002
from cpt77092.rules.dt003_service_date_in_future import RULE as DT003
from cpt77092.rules.id001_rendering_npi_invalid import RULE as ID001
from cpt77092.rules.id002_billing_npi_invalid import RULE as ID002
from cpt77092.rules.id005_payer_unrecognised import RULE as ID005
from cpt77092.rules.in001_value_unreadable import RULE as IN001
from cpt77092.rules.mo001_modifier_26_not_allowed import RULE as MO001
from cpt77092.rules.mo002_modifier_26_missing import RULE as MO002
from cpt77092.rules.mo003_modifier_26_absent_where_expected import RULE as MO003
from cpt77092.rules.mo004_modifier_tc_not_allowed import RULE as MO004
from cpt77092.rules.mo005_modifier_26_with_tc import RULE as MO005
from cpt77092.rules.mo006_modifier_repeated import RULE as MO006
from cpt77092.rules.mo007_modifier_malformed import RULE as MO007
from cpt77092.rules.mo008_modifier_26_not_first import RULE as MO008
from cpt77092.rules.mo009_modifier_position_gap import RULE as MO009
from cpt77092.rules.mo010_modifier_inapplicable import RULE as MO010
from cpt77092.rules.mo011_notice_modifiers_conflict import RULE as MO011
from cpt77092.rules.mo012_companion_modifier_26_missing import RULE as MO012
from cpt77092.rules.mo013_repeat_modifier_on_single_service import RULE as MO013
from cpt77092.rules.mo014_modifier_26_with_own_technical import RULE as MO014
from cpt77092.rules.mo015_modifier_26_position_not_on_file import RULE as MO015
from cpt77092.rules.mo016_modifier_unknown import RULE as MO016
from cpt77092.rules.po002_place_of_service_unassigned import RULE as PO002
from cpt77092.rules.po003_technical_service_in_facility import RULE as PO003
from cpt77092.rules.po004_global_service_in_facility import RULE as PO004
from cpt77092.rules.po005_place_of_service_untypical import RULE as PO005
from cpt77092.rules.un001_daily_units_exceeded import RULE as UN001
from cpt77092.rules.un002_units_not_positive_whole import RULE as UN002

__all__ = ["BY_CODE", "CATALOGUE"]

CATALOGUE: tuple[Rule, ...] = (
    MO001,
    MO002,
    MO003,
    MO004,
    MO005,
    MO006,
    MO007,
    MO008,
    MO009,
    MO010,
    MO011,
    MO012,
    MO013,
    MO014,
    MO015,
    MO016,
    UN001,
    UN002,
    DT001,
    DT002,
    DT003,
    PO002,
    PO003,
    PO004,
    PO005,
    ID001,
    ID002,
    ID005,
    CH001,
    IN001,
)

BY_CODE: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}
