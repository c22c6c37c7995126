//! The program: configuration, commands, serving and background work.
