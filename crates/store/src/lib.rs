//! The tables: the only crate that knows SQL.
