//! Any text as the input of a shipped scheme: refused with a place, or run and confirmed by the trace checker. JSON that
//! the general parser reads gives the same through both doors.
#![no_main]

use std::sync::LazyLock;

use bole::payout::audit::audit;
use bole::payout::{Document, evaluate};

static DOC: LazyLock<Document> = LazyLock::new(|| {
    Document::parse("10-team-pk.toml", include_str!("../../schemes/10-team-pk.toml")).unwrap_or_else(|f| panic!("{}", f[0]))
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    match DOC.input_text(text) {
        Err(refused) => assert!(!refused.what.is_empty() && !refused.expected.is_empty()),
        Ok(input) => {
            let json: serde_json::Value = serde_json::from_str(text).expect("what we read is JSON");
            assert!(DOC.input(&json).is_ok());
            if let Ok(run) = evaluate(&DOC, input) {
                assert_eq!(audit(&DOC, &run), vec![]);
            }
        }
    }
});
