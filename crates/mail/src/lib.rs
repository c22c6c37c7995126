//! Messages and the ways they leave.
