"""Public code lists (procedures, modifiers, places of service, ICD-10-CM), and what a source is."""
