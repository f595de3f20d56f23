//! Append-only, hash-chained receipts on disk: index, search, export.
