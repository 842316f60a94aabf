"""Claims in object stores, and in Delta and Iceberg tables wherever they lie."""
