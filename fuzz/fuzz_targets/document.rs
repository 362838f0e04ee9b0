//! Any text as a document: accepted or refused with a place, never a panic.
#![no_main]

use bole::payout::Document;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(faults) = Document::accept("fuzz.toml", text) {
        assert!(!faults.is_empty());
        for fault in faults {
            assert!(fault.line > 0 && fault.column > 0);
            assert!(!fault.to_string().is_empty());
        }
    }
});
