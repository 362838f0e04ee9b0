//! Printed errors of the handbook: shown, explained, and refused when they are wrong themselves.

use std::fmt::Write as _;

use super::super::explain::{sentence, trace};
use super::super::{Document, Evaluation};
use super::SMALL;

/// The small document with an example: li sells for 40, which pays 4.00 and shares a pool of 0.05.
const EXAMPLE: &str = r#"
[[example]]
id = "one"
period = { from = "2026-10-01", to = "2026-11-01" }
params = { pool = "0.05" }
roster = [{ id = "li", role = "sales" }, { id = "wu", role = "sales" }]
facts = [
  { kind = "sale", id = "1", occurred = "2026-10-02", seller = "li", amount = "40" },
  { kind = "sale", id = "2", occurred = "2026-10-02", seller = "wu", amount = "20" },
]
expect = { total = "6.05" }
"#;

const BOOK: &str = r#"
[[book]]
no = "E10"
says = "3.95"
exact = "4"
example = "one"
line = "li commission"
zh = "40 × 10 % = 4，书上少了 0.05。"
en = "40 × 10 % = 4; the book is 0.05 short."
"#;

fn document(book: &str) -> Result<Document, String> {
    Document::accept("small.toml", &format!("{SMALL}{EXAMPLE}{book}"))
        .map_err(|f| f.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn example(doc: &Document) -> Evaluation {
    doc.example("one").unwrap().unwrap()
}

#[test]
fn given_a_printed_error_when_a_line_of_its_component_is_explained_then_the_note_is_there_in_both_languages()
{
    let doc = document(BOOK).unwrap();
    let run = example(&doc);
    let (zh, en) = (
        "书上（E10）印的是 3.95，精确是 4：40 × 10 % = 4，书上少了 0.05",
        "the book (E10) says 3.95, exact is 4, because 40 × 10 % = 4; the book is 0.05 short",
    );
    for line in &run.outcome.lines {
        let story = trace(&doc, &run, line);
        // Of the two commissions only one is the figure the book has wrong.
        let carries = line.component == "commission" && line.payee == "li";
        assert_eq!(story.text(true).contains(zh), carries, "{}", line.component);
        assert_eq!(story.text(false).contains(en), carries);
        assert_eq!(sentence(&doc, &run, line).zh.contains(zh), carries);
        let book = &story.to_json()["book"];
        // Programs, and finance, get all of the component.
        assert_eq!(
            book.as_array().unwrap().len(),
            usize::from(line.component == "commission")
        );
        if carries {
            assert_eq!(book[0]["no"], "E10");
            assert_eq!(book[0]["note"]["en"], en);
        }
    }
    let shown = &doc.to_json()["book"][0];
    assert_eq!(
        (
            &shown["says"]["zh"],
            &shown["line"],
            &shown["example"],
            &shown["component"]
        ),
        (
            &"3.95".into(),
            &"li commission".into(),
            &"one".into(),
            &"commission".into()
        )
    );
}

#[test]
fn given_figures_words_or_nothing_to_compare_when_accepted_then_each_form_holds() {
    let with = |from: &str, to: &str| document(&BOOK.replace(from, to));
    // A row by its key, a row's fraction, a component named for a figure.
    let figure = with(
        "line = \"li commission\"",
        "figure = \"rated li commission\"\ncomponent = \"bonus\"",
    );
    assert_eq!(figure.unwrap().books[0].component.as_deref(), Some("bonus"));
    // Words on both sides, compared with nothing.
    let words = with(
        "exact = \"4\"\nexample = \"one\"\nline = \"li commission\"\n",
        "exact = { zh = \"四\", en = \"four\" }\n",
    );
    assert!(words.unwrap().books[0].note().zh.contains("精确是 四"));
    assert_eq!(document(BOOK).unwrap().try_books().len(), 1);
}

#[test]
fn given_wrong_printed_errors_when_checked_then_each_fault_is_said_with_its_place() {
    let wrong = [
        ("no number", "no = \"E10\"\n", ""),
        ("a number of another register", "E10", "C2"),
        ("nothing printed", "says = \"3.95\"\n", ""),
        ("a float", "says = \"3.95\"", "says = 3.95"),
        ("no exact figure", "exact = \"4\"\n", ""),
        (
            "an exact figure that is no number",
            "exact = \"4\"",
            "exact = \"four\"",
        ),
        (
            "an exact figure the example does not give",
            "exact = \"4\"",
            "exact = \"4.01\"",
        ),
        (
            "no reason in English",
            "en = \"40 × 10 % = 4; the book is 0.05 short.\"\n",
            "",
        ),
        ("unknown example", "example = \"one\"", "example = \"two\""),
        ("unknown component", "li commission", "li comission"),
        ("a payee without such a line", "li commission", "zhao commission"),
        ("a line without a component", "li commission", "li"),
        ("a line without an example", "example = \"one\"\n", ""),
        ("an example without a line", "line = \"li commission\"\n", ""),
        (
            "a line and a figure",
            "line = ",
            "figure = \"rated li commission\"\nline = ",
        ),
        (
            "unknown step",
            "line = \"li commission\"",
            "figure = \"rate li commission\"",
        ),
        (
            "unknown column",
            "line = \"li commission\"",
            "figure = \"rated li bonus\"",
        ),
        (
            "a row without a key",
            "line = \"li commission\"",
            "figure = \"rated commission\"",
        ),
        (
            "a row that is not there",
            "line = \"li commission\"",
            "figure = \"rated zhao commission\"",
        ),
        (
            "a column of words",
            "line = \"li commission\"",
            "figure = \"known li role\"",
        ),
        (
            "unknown component for a figure",
            "line = \"li commission\"",
            "figure = \"rated li commission\"\ncomponent = \"pay\"",
        ),
        ("unknown field", "no = \"E10\"", "no = \"E10\"\nyes = true"),
        ("not a list", "[[book]]", "[book]"),
    ];
    let mut said = String::new();
    for (name, from, to) in wrong {
        assert!(BOOK.contains(from), "{name}: no {from:?}");
        let text = document(&BOOK.replacen(from, to, 1)).err();
        let text = text.unwrap_or_else(|| panic!("{name}: accepted"));
        let _ = writeln!(said, "## {name}\n{text}\n");
    }
    insta::assert_snapshot!("books", said);
}
