"""Object stores, and Delta and Iceberg tables."""
