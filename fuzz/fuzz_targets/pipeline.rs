//! Any text, read as a pipeline file.

#![no_main]

use leadmill_fuzz::files;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    _ = files::judge(data);
});
