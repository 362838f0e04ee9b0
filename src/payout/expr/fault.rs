//! Why a figure cannot be computed: what was found, and what was expected.

/// A fault without its place; the block adds the row, the run the step and the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was found.
    pub what: &'static str,
    /// What was expected in its place.
    pub expected: &'static str,
}

/// Found and expected.
pub const fn fault(what: &'static str, expected: &'static str) -> Fault {
    Fault { what, expected }
}

/// Checked before anything runs: nobody should ever read it.
pub const UNCHECKED: &str = "what the checker promised: a fault of the program, please report it";

/// Numbers grow past every use long before this.
pub const TOO_LONG: Fault = fault(
    "a number of more than 8192 bits",
    "a shorter one: fewer factors or denominators that divide each other",
);

/// A computed date nobody can mean.
pub const NO_DATE: Fault = fault(
    "a date out of the years 1900 to 2199",
    "a number of days or months that stays within them",
);
