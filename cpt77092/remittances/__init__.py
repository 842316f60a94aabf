"""What payers answered: X12 835 files and tables of remittances, as one table of answered lines."""

from cpt77092.remittances.read import Remittances, read_remittances
from cpt77092.remittances.schema import REMITTANCE_LINE, RemittanceFile

__all__ = ["REMITTANCE_LINE", "RemittanceFile", "Remittances", "read_remittances"]
