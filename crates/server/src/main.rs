//! The program.

use std::process::ExitCode;

use ahq_server::command::{Line, run};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Line::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "what went wrong is told where people look for it")]
fn complain(error: &impl std::fmt::Display) {
    eprintln!("ahq: {error}");
}
