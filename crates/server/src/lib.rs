//! The program as a library: configuration, commands, serving and background work. The binary hands in the operating
//! system's clock and randomness; the tests' harness hands in others.

pub mod audit;
pub mod backup;
pub mod command;
pub mod config;
pub mod data;
pub mod demo;
pub mod erasures;
mod holidays;
pub mod keys;
pub mod lifecycle;
mod lines;
mod mail;
mod maildir;
pub mod metrics;
pub mod person;
pub mod sbom;
mod security_txt;
pub mod serve;
mod survive;
pub mod system;
pub mod telemetry;
pub mod worker;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
