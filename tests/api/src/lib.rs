//! The suite that speaks HTTP to the real program.
