//! JPEG: its segments are walked through to its end; what is no picture, such as where and when it was taken, by whom and
//! with what, is left out. Which side is up is kept.

use super::png::must_be_drawn;
use super::{LARGE, OTHER_TYPE, Refused, TWO_IN_ONE};

/// How many scans a picture may have: those that come into focus bit by bit have some ten.
const MOST_SCANS: usize = 64;

const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

pub(super) fn cleaned(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8").ok_or(OTHER_TYPE)?;
    // The first segments in their order: JFIF's, which side is up, then the picture.
    let (mut jfif, mut up, mut kept) = (None, None, Vec::new());
    let (mut frames, mut scans) = (0, 0);
    loop {
        let (marker, after) = marker(rest)?;
        if marker == EOI {
            if !after.is_empty() {
                return Err(TWO_IN_ONE);
            }
            break;
        }
        let (length, _) = after.split_first_chunk::<2>().ok_or(OTHER_TYPE)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (segment, after) = after.split_at_checked(length).ok_or(OTHER_TYPE)?;
        let data = segment.get(2..).ok_or(OTHER_TYPE)?;
        rest = after;
        match marker {
            // Baseline, extended and progressive, by Huffman; the others nothing shows.
            0xc0..=0xc2 => {
                let [_, h0, h1, w0, w1, ..] = *data else {
                    return Err(OTHER_TYPE);
                };
                must_be_drawn(
                    u32::from(u16::from_be_bytes([w0, w1])),
                    u32::from(u16::from_be_bytes([h0, h1])),
                )?;
                frames += 1;
            }
            // Tables, and how often it begins anew.
            0xc4 | 0xdb | 0xdd => {}
            SOS => {
                scans += 1;
                if frames != 1 {
                    return Err(OTHER_TYPE);
                }
                if scans > MOST_SCANS {
                    return Err(LARGE);
                }
            }
            0xe0 => {
                if let Some(own) = data.get(..12).filter(|own| own.starts_with(b"JFIF\0")) {
                    // Without the small picture of itself.
                    jfif.get_or_insert([own, &[0, 0]].concat());
                }
                continue;
            }
            0xe1 => {
                up = up.or_else(|| orientation(data));
                continue;
            }
            // Adobe's word on what its colours are.
            0xee if data.len() == 12 && data.starts_with(b"Adobe") => {}
            0xe2..=0xef | 0xfe => continue,
            _ => return Err(OTHER_TYPE),
        }
        kept.extend_from_slice(&[0xff, marker]);
        kept.extend_from_slice(segment);
        if marker == SOS {
            let end = end_of_scan(rest).ok_or(OTHER_TYPE)?;
            let (scan, after) = rest.split_at_checked(end).ok_or(OTHER_TYPE)?;
            kept.extend_from_slice(scan);
            rest = after;
        }
    }
    if frames != 1 || scans == 0 {
        return Err(OTHER_TYPE);
    }
    let mut picture = b"\xff\xd8".to_vec();
    if let Some(jfif) = jfif {
        put(&mut picture, 0xe0, &jfif);
    }
    if let Some(up) = up {
        put(&mut picture, 0xe1, &turned(up));
    }
    picture.extend_from_slice(&kept);
    picture.extend_from_slice(&[0xff, EOI]);
    Ok(picture)
}

/// The next marker, after as many bytes as fill up to it.
fn marker(rest: &[u8]) -> Result<(u8, &[u8]), Refused> {
    let [0xff, after @ ..] = rest else {
        return Err(OTHER_TYPE);
    };
    let mut after = after;
    while let [0xff, next @ ..] = after {
        after = next;
    }
    match after {
        [marker, after @ ..] if *marker != 0 => Ok((*marker, after)),
        _ => Err(OTHER_TYPE),
    }
}

/// Where the picture itself ends: at a marker that is neither a byte of it nor a place to begin anew.
fn end_of_scan(rest: &[u8]) -> Option<usize> {
    rest.windows(2)
        .position(|pair| matches!(pair, [0xff, next] if !matches!(next, 0 | 0xd0..=0xd7 | 0xff)))
}

/// Which side is up, by Exif; none where the picture stands as it lies, or nothing says it.
fn orientation(data: &[u8]) -> Option<u8> {
    let tiff = data.strip_prefix(b"Exif\0\0")?;
    let big = match tiff.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let two = |at: usize| -> Option<u16> {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    };
    let four = |at: usize| -> Option<usize> {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = if big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        };
        usize::try_from(number).ok()
    };
    let directory = four(4)?;
    let entries = usize::from(two(directory)?).min(200);
    let tag = (0..entries)
        .filter_map(|index| directory.checked_add(2 + index * 12))
        .find(|at| two(*at) == Some(0x0112))?;
    let value = two(tag.checked_add(8)?)?;
    u8::try_from(value).ok().filter(|value| (2..=8).contains(value))
}

/// Exif that says which side is up, and nothing else.
fn turned(up: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.push(up);
    exif.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    exif
}

fn put(picture: &mut Vec<u8>, marker: u8, data: &[u8]) {
    let length = u16::try_from(data.len() + 2).unwrap_or_default();
    picture.extend_from_slice(&[0xff, marker]);
    picture.extend_from_slice(&length.to_be_bytes());
    picture.extend_from_slice(data);
}
