//! Streams that are packed with zlib, looked through while they are unpacked: no more than a few kilobytes of them are ever
//! there.

use flate2::{Decompress, FlushDecompress, Status};

/// How much is unpacked at a time.
const PIECE: usize = 32 << 10;

/// What all streams of a file may take together.
pub(super) struct Budget {
    /// How many bytes may still be read.
    pub(super) read: u64,
    /// How many bytes may still come out.
    pub(super) out: u64,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As it should, after so many bytes of the input.
    After(u64),
    /// It is none, or damaged, or cut off.
    Damaged,
    /// The budget is used up.
    TooLarge,
}

/// Unpacks a stream from its pieces and shows each piece of what comes out.
pub(super) fn unpack<'a>(
    input: impl IntoIterator<Item = &'a [u8]>,
    budget: &mut Budget,
    mut show: impl FnMut(&[u8]),
) -> Ended {
    let mut stream = Decompress::new(true);
    let mut piece = vec![0; PIECE];
    for input in input {
        let mut rest = input;
        while !rest.is_empty() {
            let (read, out) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(rest, &mut piece, FlushDecompress::None);
            let (read, out) = (stream.total_in() - read, stream.total_out() - out);
            let (Some(read_left), Some(out_left)) = (budget.read.checked_sub(read), budget.out.checked_sub(out)) else {
                return Ended::TooLarge;
            };
            (budget.read, budget.out) = (read_left, out_left);
            let came = usize::try_from(out).ok().and_then(|out| piece.get(..out));
            show(came.unwrap_or_default());
            rest = usize::try_from(read)
                .ok()
                .and_then(|read| rest.get(read..))
                .unwrap_or_default();
            match status {
                Ok(Status::StreamEnd) => return Ended::After(stream.total_in()),
                Ok(_) if read > 0 || out > 0 => {}
                _ => return Ended::Damaged,
            }
        }
        // What was read may wait to come out.
        loop {
            let out = stream.total_out();
            let status = stream.decompress(&[], &mut piece, FlushDecompress::None);
            let out = stream.total_out() - out;
            let Some(left) = budget.out.checked_sub(out) else {
                return Ended::TooLarge;
            };
            budget.out = left;
            let came = usize::try_from(out).ok().and_then(|out| piece.get(..out));
            show(came.unwrap_or_default());
            match status {
                Ok(Status::StreamEnd) => return Ended::After(stream.total_in()),
                Ok(_) if out > 0 => {}
                _ => break,
            }
        }
    }
    Ended::Damaged
}
