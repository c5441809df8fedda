"""The stage publish: the lake tidied, and `likelens.duckdb` swapped in. The work is `warehouse.publish`'s."""
