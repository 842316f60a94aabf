"""The rule catalogue: every rule, in the order in which reports list them.

A new rule is one import and one line of `CATALOGUE`. Codes are never reused or renumbered.
"""

from __future__ import annotations

from cpt77092.rule import Rule
from cpt77092.rules.bu001_global_with_component import RULE as BU001
from cpt77092.rules.bu002_components_billed_as_parts import RULE as BU002
from cpt77092.rules.bu003_code_pair_denied import RULE as BU003
from cpt77092.rules.bu004_scan_absent import RULE as BU004
from cpt77092.rules.bu005_global_with_read_only_scan import RULE as BU005
from cpt77092.rules.bu006_read_with_own_global_scan import RULE as BU006
from cpt77092.rules.bu007_parts_from_two_entities import RULE as BU007
from cpt77092.rules.ch001_charge_not_positive import RULE as CH001
from cpt77092.rules.ch002_charge_below_fee import RULE as CH002
from cpt77092.rules.ch003_claim_frequency_not_accepted import RULE as CH003
from cpt77092.rules.cv001_service_not_covered import RULE as CV001
from cpt77092.rules.cv002_authorization_missing import RULE as CV002
from cpt77092.rules.cv003_coverage_left_to_contractor import RULE as CV003
from cpt77092.rules.do001_report_not_on_file import RULE as DO001
from cpt77092.rules.do002_report_signed_out_of_order import RULE as DO002
from cpt77092.rules.dt001_service_date_missing import RULE as DT001
from cpt77092.rules.dt002_code_not_in_force import RULE as DT002
from cpt77092.rules.dt003_service_date_in_future import RULE as DT003
from cpt77092.rules.dt004_filing_limit_passed import RULE as DT004
from cpt77092.rules.dt005_filing_limit_near import RULE as DT005
from cpt77092.rules.dt006_service_dates_span import RULE as DT006
from cpt77092.rules.dx001_diagnosis_missing import RULE as DX001
from cpt77092.rules.dx002_diagnosis_not_billable import RULE as DX002
from cpt77092.rules.dx003_diagnosis_not_supporting import RULE as DX003
from cpt77092.rules.dx004_diagnosis_excluded import RULE as DX004
from cpt77092.rules.dx005_diagnosis_sex_conflict import RULE as DX005
from cpt77092.rules.dx006_diagnosis_pointer_invalid import RULE as DX006
from cpt77092.rules.fr001_duplicate_line import RULE as FR001
from cpt77092.rules.fr002_interval_too_short import RULE as FR002
from cpt77092.rules.fr003_already_submitted import RULE as FR003
from cpt77092.rules.id001_rendering_npi_invalid import RULE as ID001
from cpt77092.rules.id002_billing_npi_invalid import RULE as ID002
from cpt77092.rules.id003_ordering_provider_missing import RULE as ID003
from cpt77092.rules.id004_ordering_npi_invalid import RULE as ID004
from cpt77092.rules.id005_payer_unrecognized import RULE as ID005
from cpt77092.rules.id006_self_pay import RULE as ID006
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
from cpt77092.rules.mo017_bypass_modifier_without_effect import RULE as MO017
from cpt77092.rules.po001_place_of_service_not_accepted import RULE as PO001
from cpt77092.rules.po002_place_of_service_unassigned import RULE as PO002
from cpt77092.rules.po003_technical_service_in_facility import RULE as PO003
from cpt77092.rules.po004_global_service_in_facility import RULE as PO004
from cpt77092.rules.po005_place_of_service_untypical import RULE as PO005
from cpt77092.rules.po006_place_differs_from_scan import RULE as PO006
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
    MO017,
    UN001,
    UN002,
    BU001,
    BU002,
    BU003,
    BU004,
    BU005,
    BU006,
    BU007,
    FR001,
    FR002,
    FR003,
    DT001,
    DT002,
    DT003,
    DT004,
    DT005,
    DT006,
    PO001,
    PO002,
    PO003,
    PO004,
    PO005,
    PO006,
    DX001,
    DX002,
    DX003,
    DX004,
    DX005,
    DX006,
    ID001,
    ID002,
    ID003,
    ID004,
    ID005,
    ID006,
    CV001,
    CV002,
    CV003,
    CH001,
    CH002,
    CH003,
    DO001,
    DO002,
    IN001,
)

BY_CODE: dict[str, Rule] = {rule.code: rule for rule in CATALOGUE}
