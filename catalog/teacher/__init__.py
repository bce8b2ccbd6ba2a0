"""The teacher family in the catalog: its problem files, records, builds and tables."""
