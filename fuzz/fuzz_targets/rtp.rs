#![no_main]
//! See `targets::rtp`.

#[path = "../targets.rs"]
#[allow(dead_code, reason = "each binary calls one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|raw: &[u8]| targets::rtp(raw));
