//! Any response, taken for a provider's reply to any call.

#![no_main]

use leadmill_fuzz::replies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| replies::judge(data));
