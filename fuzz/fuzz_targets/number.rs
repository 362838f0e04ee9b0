//! Any text as a number: what is read is written, and read back as the same number.
#![no_main]

use bole::payout::Num;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(number) = Num::parse(text) {
        let fraction = format!("{}/{}", number.numerator(), number.denominator());
        if fraction.len() <= 60 {
            assert_eq!(Num::parse(&fraction).expect("a fraction"), number);
        }
        let shown = number.to_string();
        if shown.len() <= 60 {
            assert_eq!(Num::parse(&shown).expect("exact text"), number);
        }
        let _ = (number.fixed(2), number.percent(), number.floor());
    }
});
