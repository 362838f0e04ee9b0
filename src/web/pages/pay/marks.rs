//! Marks by which schemes' documents point at their paper.

/// A text without the marks by which the schemes' documents point at their paper, like `线索 (T5)`: whoever is paid by
/// them does not know it.
pub fn uncoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" (") {
        let (before, after) = rest.split_at(at);
        let inside = after[2..].split_once(')').map(|(inside, _)| inside);
        let is_mark = inside.is_some_and(|mark| {
            let digits = mark.trim_start_matches(|c: char| c.is_ascii_uppercase());
            let letters = mark.len() - digits.len();
            let digits = digits.strip_prefix('-').unwrap_or(digits);
            (1..=2).contains(&letters) && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        });
        out.push_str(before);
        let past = match inside {
            Some(mark) if is_mark => mark.len() + 3,
            _ => 2,
        };
        if !is_mark {
            out.push_str(&after[..past]);
        }
        rest = &after[past..];
    }
    out + rest
}
