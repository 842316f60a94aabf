"""Public lists of procedures, modifiers, places of service and ICD-10-CM codes; sources."""
