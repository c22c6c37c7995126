//! The messages as people see them, their bytes, and the transports.

#[cfg(test)]
mod bounce;
#[cfg(test)]
mod bytes;
#[cfg(test)]
mod dkim;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod files;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod sink;
#[cfg(test)]
mod size;
#[cfg(test)]
mod smtp;
