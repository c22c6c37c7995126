//! PNG: its chunks are held against their sums, its picture against the size it says it has; what is no picture, such as
//! texts, times, profiles and where it was taken, is left out.

use super::unpack::{Budget, Ended, unpack};
use super::{LARGE, OTHER_TYPE, Refused, TWO_IN_ONE};

/// How many points a picture may have.
pub(super) const MOST_POINTS: u64 = 50_000_000;
/// How many points it may be wide or high.
pub(super) const MOST_WIDE: u32 = 30_000;
/// How much may come out when it is unpacked.
const MOST_UNPACKED: u64 = 256 << 20;

/// How many chunks it may have: writers cut 20 MB into some thousands, and each takes a place in memory.
const MOST_CHUNKS: usize = 1 << 16;

const BEGIN: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What is kept: the picture, its colours, how large its points are.
const KEPT: [&[u8]; 10] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs",
];

/// A chunk: its kind, what it holds, and all of it.
struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
    whole: &'a [u8],
}

pub(super) fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let rest = bytes.strip_prefix(BEGIN).ok_or(OTHER_TYPE)?;
    let chunks = chunks(rest)?;
    let expected = expected(chunks.first().ok_or(OTHER_TYPE)?)?;
    let mut pictures = chunks.iter().enumerate().filter(|(_, chunk)| chunk.kind == b"IDAT");
    let (first, _) = pictures.next().ok_or(OTHER_TYPE)?;
    let count = 1 + pictures.clone().count();
    let last = pictures.next_back().map_or(first, |(last, _)| last);
    // They stand together, and the rest is said once, in its place.
    let single = |kind: &[u8]| chunks.iter().filter(|chunk| chunk.kind == kind).count() <= 1;
    if last - first + 1 != count || !single(b"IHDR") || !single(b"PLTE") || !single(b"tRNS") {
        return Err(OTHER_TYPE);
    }
    let data = || {
        chunks
            .iter()
            .filter(|chunk| chunk.kind == b"IDAT")
            .map(|chunk| chunk.data)
    };
    let length: u64 = data().map(|data| data.len() as u64).sum();
    let mut budget = Budget {
        read: u64::MAX,
        out: expected,
    };
    match unpack(data(), &mut budget, |_| {}) {
        Ended::After(read) if budget.out == 0 && read == length => {}
        Ended::After(_) if budget.out > 0 => return Err(OTHER_TYPE),
        Ended::After(_) | Ended::TooLarge => return Err(TWO_IN_ONE),
        Ended::Damaged => return Err(OTHER_TYPE),
    }
    let mut kept = BEGIN.to_vec();
    for chunk in chunks.iter().filter(|chunk| KEPT.contains(&chunk.kind)) {
        kept.extend_from_slice(chunk.whole);
    }
    Ok(kept)
}

/// All chunks up to the end, behind which nothing stands.
fn chunks(mut rest: &[u8]) -> Result<Vec<Chunk<'_>>, Refused> {
    let mut chunks: Vec<Chunk<'_>> = Vec::new();
    loop {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(OTHER_TYPE)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OTHER_TYPE)?;
        let (kind, _) = after.split_at_checked(4).ok_or(OTHER_TYPE)?;
        let (summed, after) = after
            .split_at_checked(length.checked_add(4).ok_or(OTHER_TYPE)?)
            .ok_or(OTHER_TYPE)?;
        let (sum, after) = after.split_first_chunk::<4>().ok_or(OTHER_TYPE)?;
        let mut hash = flate2::Crc::new();
        hash.update(summed);
        if hash.sum() != u32::from_be_bytes(*sum) || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(OTHER_TYPE);
        }
        let known = KEPT.contains(&kind);
        // Small letters first say that a program may leave it out.
        if !known && kind.first().is_some_and(u8::is_ascii_uppercase) {
            return Err(OTHER_TYPE);
        }
        let data = summed.get(4..).unwrap_or_default();
        let whole = rest.get(..length + 12).unwrap_or_default();
        if chunks.len() == MOST_CHUNKS {
            return Err(LARGE);
        }
        chunks.push(Chunk { kind, data, whole });
        rest = after;
        if kind == b"IEND" {
            return match (data.is_empty(), rest.is_empty()) {
                (true, true) => Ok(chunks),
                _ => Err(TWO_IN_ONE),
            };
        }
    }
}

/// How many bytes the picture has when it is unpacked.
fn expected(head: &Chunk<'_>) -> Result<u64, Refused> {
    let [w0, w1, w2, w3, h0, h1, h2, h3, depth, colours, 0, 0, interlaced] = *head.data else {
        return Err(OTHER_TYPE);
    };
    if head.kind != b"IHDR" {
        return Err(OTHER_TYPE);
    }
    let (wide, high) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    let channels: u64 = match (colours, depth) {
        (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
        (2, 8 | 16) => 3,
        (4, 8 | 16) => 2,
        (6, 8 | 16) => 4,
        _ => return Err(OTHER_TYPE),
    };
    must_be_drawn(wide, high)?;
    let rows = |wide: u64, high: u64| {
        if wide == 0 {
            0
        } else {
            (1 + (wide * channels * u64::from(depth)).div_ceil(8)) * high
        }
    };
    let (wide, high) = (u64::from(wide), u64::from(high));
    let size = match interlaced {
        0 => rows(wide, high),
        // The seven passes of Adam7: where each begins, and how far its points stand from each other.
        1 => [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
        .into_iter()
        .map(|(x, y, dx, dy): (u64, u64, u64, u64)| {
            rows(wide.saturating_sub(x).div_ceil(dx), high.saturating_sub(y).div_ceil(dy))
        })
        .sum(),
        _ => return Err(OTHER_TYPE),
    };
    if size > MOST_UNPACKED { Err(LARGE) } else { Ok(size) }
}

/// A picture that is not larger than any program that shows it can bear.
pub(super) fn must_be_drawn(wide: u32, high: u32) -> Result<(), Refused> {
    if wide == 0 || high == 0 {
        return Err(OTHER_TYPE);
    }
    if wide > MOST_WIDE || high > MOST_WIDE || u64::from(wide) * u64::from(high) > MOST_POINTS {
        return Err(LARGE);
    }
    Ok(())
}
