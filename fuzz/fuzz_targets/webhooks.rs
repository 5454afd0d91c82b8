//! Any body, taken for a callback.

#![no_main]

use leadmill_fuzz::webhooks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    _ = webhooks::judge(data);
});
