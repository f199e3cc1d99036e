#![no_main]
//! See `targets::msrp`.

#[path = "../targets.rs"]
#[allow(dead_code, reason = "each binary calls one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|raw: &[u8]| targets::msrp(raw));
