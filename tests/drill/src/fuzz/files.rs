//! Attachments of every type changed by chance: bytes flipped and exchanged, pieces lost, doubled and moved, numbers that
//! count something made great. Whatever comes, the look at a file ends, and what is taken is taken again as it is.

use ahq_domain::attachment::MediaType;
use ahq_harness::form::Form;
use ahq_render::attachment::check;

use crate::chance::Chance;
use crate::uploads::hostile::{self, Hostile};

/// How large a file may grow.
const MOST: usize = 1 << 20;
/// The most changes to one file.
const CHANGES: u64 = 3;
/// What a number may become: nothing, its limits, and one less or more.
const NUMBERS: [[u8; 4]; 6] = [
    [0, 0, 0, 0],
    [0xff; 4],
    [0x7f, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0],
    [0, 0, 0, 1],
    [0, 1, 0, 0],
];

/// The files that others are made of.
pub(super) struct Files(Vec<(MediaType, Vec<u8>)>);

impl Files {
    /// Files of each type that are what they say, and those that the drill of uploads has refused: chance starts near what
    /// is dangerous.
    pub(super) fn new(form: &[u8]) -> Self {
        let form = Form::open(form);
        let parsed = |media_type: &str| media_type.parse().expect("a type that is taken");
        let honest = hostile::honest(&form);
        // Each as often as all the hostile ones of a type.
        let honest = std::iter::repeat_n(honest, 60).flatten();
        let mut files: Vec<_> = honest.map(|(kind, bytes)| (parsed(kind), bytes)).collect();
        let refused = hostile::all(&form, "http://127.0.0.1:9");
        let small = |file: &Hostile| !file.bytes.is_empty() && file.bytes.len() <= MOST;
        files.extend(
            refused
                .into_iter()
                .filter(small)
                .map(|file| (parsed(file.media_type), file.bytes)),
        );
        Self(files)
    }

    /// One of them, changed.
    pub(super) fn drawn(&self, chance: &mut Chance) -> (MediaType, Vec<u8>) {
        let (media_type, bytes) = chance.one(&self.0);
        let mut bytes = bytes.clone();
        for _ in 0..=chance.below(CHANGES) {
            change(&mut bytes, &self.0, chance);
        }
        bytes.truncate(MOST);
        (*media_type, bytes)
    }
}

/// One change.
fn change(bytes: &mut Vec<u8>, others: &[(MediaType, Vec<u8>)], chance: &mut Chance) {
    if bytes.is_empty() {
        bytes.push(0);
    }
    let (from, length) = (chance.place(bytes.len()), 1 + chance.place(64));
    let until = (from + length).min(bytes.len());
    match chance.below(8) {
        0 => bytes[from] ^= 1 << chance.below(8),
        1 => bytes[from] = u8::try_from(chance.below(256)).unwrap_or(0),
        2 => {
            let number = chance.one(&NUMBERS);
            for (byte, new) in bytes[from..].iter_mut().zip(number) {
                *byte = *new;
            }
        }
        3 => drop(bytes.drain(from..until)),
        4 => {
            let piece = bytes[from..until].repeat(1 + chance.place(40));
            bytes.splice(from..from, piece);
        }
        5 => bytes[from..until].reverse(),
        6 => {
            let (_, other) = chance.one(others);
            let start = chance.place(other.len());
            let piece = other[start..].iter().take(length).copied().collect::<Vec<_>>();
            bytes.splice(from..from, piece);
        }
        _ => bytes.truncate(from),
    }
}

/// Looks at a file as the program does; gives whether it is taken, or what is wrong with how that went.
pub(super) fn look(media_type: MediaType, bytes: Vec<u8>) -> Result<bool, String> {
    let Ok(taken) = check(media_type, bytes) else {
        return Ok(false);
    };
    match check(media_type, taken.clone()) {
        Ok(again) if again == taken => Ok(true),
        Ok(_) => Err(format!("a {media_type} that was taken is taken again otherwise")),
        Err(refused) => Err(format!(
            "a {media_type} that was taken is refused then: {}",
            refused.code
        )),
    }
}
