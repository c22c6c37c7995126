//! Documents, pure: an edition in, bytes out.
