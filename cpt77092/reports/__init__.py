"""What people and programs read: one module per kind of output."""
