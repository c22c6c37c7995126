//! (being written)
use crate::lifecycle::{Parts, StartError};
/// x
#[derive(Debug, clap::Args)]
pub struct Options {}
/// x
pub async fn run(_: Parts, _: Options) -> Result<(), StartError> {
    Ok(())
}
