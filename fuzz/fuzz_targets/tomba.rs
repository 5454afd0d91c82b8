//! Any response, taken for Tomba's reply to any call.

#![no_main]

use leadmill_fuzz::tomba;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    _ = tomba::judge(data);
});
