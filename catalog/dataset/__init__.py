"""The data-set family in the catalog: its problem files, records, builds and tables."""
