//! The suite is embedded; cargo has to be told that it may change.

fn main() {
    for folder in ["features", "scenarios"] {
        println!("cargo::rerun-if-changed=../{folder}");
    }
}
