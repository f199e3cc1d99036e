//! The targets of `fuzz/` on the stable toolchain: the corpus, and some thousand mutations of it, always the same ones.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a failing one is a failing test")]

use std::{fs, path::PathBuf};

#[path = "../../fuzz/targets.rs"]
mod targets;

/// Numbers without a pattern that matters (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    let mut files: Vec<_> = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "yaml"));
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// A few changes that parsers stumble over: octets out, octets in, one changed, a piece of another file, a piece twice.
fn mutate(raw: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    const PIECES: [&[u8]; 12] =
        [b"\r\n", b"\n", b"\0", b"\xff", b":", b" ", b"-------", b"$\r\n", b"--", b"<", b"18446744073709551615", b"\r\n\r\n"];
    for _ in 0..=dice.below(4) {
        let at = dice.below(raw.len() + 1);
        match dice.below(6) {
            0 => drop(raw.drain(at..(at + dice.below(40)).min(raw.len()))),
            1 => drop(raw.splice(at..at, PIECES[dice.below(PIECES.len())].iter().copied())),
            2 => raw.iter_mut().skip(at).take(1).for_each(|b| *b = b.wrapping_add(1 << dice.below(8))),
            3 => {
                let from = dice.below(other.len() + 1);
                let piece = other[from..(from + dice.below(80)).min(other.len())].to_vec();
                drop(raw.splice(at..at, piece));
            }
            4 => {
                let piece = raw[at..(at + dice.below(60)).min(raw.len())].to_vec();
                drop(raw.splice(at..at, piece));
            }
            _ => raw.truncate(at.max(1)),
        }
    }
}

#[test]
fn the_corpus_is_read_by_every_target() {
    for raw in corpus() {
        for (_, target) in targets::TARGETS {
            target(&raw);
        }
    }
}

/// Rounds over the corpus; the variable `TORTURE_ROUNDS` is for whoever has more time.
fn rounds() -> usize {
    std::env::var("TORTURE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(12)
}

#[test]
fn mutations_of_the_corpus_are_read_by_every_target() {
    let corpus = corpus();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..rounds() {
        for (i, file) in corpus.iter().enumerate().filter(|(_, file)| file.len() < 4096) {
            let mut raw = file.clone();
            mutate(&mut raw, &corpus[(i + round + 1) % corpus.len()], &mut dice);
            for (name, target) in targets::TARGETS {
                let caught = std::panic::catch_unwind(|| target(&raw));
                assert!(caught.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&raw));
            }
        }
    }
}
