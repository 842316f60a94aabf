"""What a claim line is: its columns, how cells become values, which headers name which column."""
