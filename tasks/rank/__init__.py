"""The stage rank: every ranking as a CSV file and a Prefect artifact. The arithmetic is `warehouse.rankings`'."""
