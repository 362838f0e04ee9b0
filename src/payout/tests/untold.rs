//! A line must have a story: the checker warns of one without.

use super::super::{Diagnostic, Document};
use super::{SMALL, shipped};

#[test]
fn given_the_shipped_documents_when_checked_then_every_line_has_a_step_that_tells_of_it() {
    let untold: Vec<String> = shipped()
        .iter()
        .flat_map(Document::untold)
        .map(|w| w.as_warning())
        .collect();
    assert_eq!(untold, Vec::<String>::new());
}

#[test]
fn given_a_line_none_of_whose_steps_has_words_when_checked_then_it_is_warned_of_and_still_accepted() {
    let read = |text: &str| {
        let doc = Document::accept("small.toml", text);
        doc.unwrap_or_else(|f| panic!("{}", f.iter().map(ToString::to_string).collect::<String>()))
    };
    let mute: Vec<String> = read(SMALL).untold().iter().map(Diagnostic::as_warning).collect();
    assert_eq!(
        mute.len(),
        2,
        "the small document computes and says nothing: {mute:?}"
    );
    assert!(
        mute[0].starts_with("warning: nothing explains the line `commission`"),
        "{}",
        mute[0]
    );
    let words = |step: &str| {
        let said = format!("id = \"{step}\"\n");
        SMALL.replacen(&said, &format!("{said}zh = \"说\"\nen = \"said\"\n"), 1)
    };
    for step in ["totals", "rated", "shares"] {
        assert_eq!(read(&words(step)).untold().len(), 0, "{step} tells of both lines");
    }
}
