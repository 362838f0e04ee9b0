//! Plain text with a little structure: `#` headings, `-` or `1.` items, blank lines between paragraphs, `**strong**`.

/// Most blocks of a text.
pub const MAX_BLOCKS: usize = 400;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `# `: a part.
    Part,
    /// `## ` or deeper: a section.
    Section,
    /// `- `, `* ` or `1. `.
    Item,
    /// Everything else.
    Paragraph,
}

/// A block of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Its words, marks of structure removed, `**` kept.
    pub text: String,
}

/// A run of words of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// Whether they are emphasised.
    pub strong: bool,
}

/// The blocks of a text. Lines of one paragraph are joined; between Chinese characters without a blank.
pub fn blocks(body: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for line in body.lines() {
        let line = line.trim();
        if line.is_empty() {
            open = false;
            continue;
        }
        let (kind, text) = kind_of(line);
        if kind == Kind::Paragraph && open {
            if let Some(last) = found.last_mut() {
                let wide = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
                if !(wide(last.text.chars().last()) || wide(text.chars().next())) {
                    last.text.push(' ');
                }
                last.text.push_str(text);
            }
            continue;
        }
        open = matches!(kind, Kind::Paragraph | Kind::Item);
        found.push(Block {
            kind,
            text: text.to_owned(),
        });
    }
    found
}

fn kind_of(line: &str) -> (Kind, &str) {
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if hashes > 0
        && let Some(text) = line[hashes..].strip_prefix(' ')
    {
        let kind = if hashes == 1 { Kind::Part } else { Kind::Section };
        return (kind, text.trim());
    }
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return (Kind::Item, text.trim());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=3).contains(&digits)
        && let Some(text) = line[digits..].strip_prefix(". ")
    {
        return (Kind::Item, text.trim());
    }
    (Kind::Paragraph, line)
}

/// The runs of a block's words. A mark without its partner is a mark.
pub fn spans(text: &str) -> Vec<Span> {
    let parts: Vec<&str> = text.split("**").collect();
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let unpaired = index + 1 == parts.len() && index % 2 == 1;
        let text = if unpaired {
            format!("**{part}")
        } else {
            (*part).to_owned()
        };
        if !text.is_empty() {
            found.push(Span {
                text,
                strong: index % 2 == 1 && !unpaired,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, text: &str) -> Block {
        Block {
            kind,
            text: text.into(),
        }
    }

    #[test]
    fn headings_items_and_paragraphs_are_told_apart() {
        let body = "# 白皮书\n\n第一行\n第二行\n\none\ntwo\n## 能做\n- 用专属链接\n  换行也行\n2. 说实话\n#不是标题\n**";
        assert_eq!(
            blocks(body),
            [
                of(Kind::Part, "白皮书"),
                of(Kind::Paragraph, "第一行第二行"),
                of(Kind::Paragraph, "one two"),
                of(Kind::Section, "能做"),
                of(Kind::Item, "用专属链接换行也行"),
                of(Kind::Item, "说实话#不是标题**"),
            ]
        );
        assert!(blocks(" \n\n").is_empty());
    }

    #[test]
    fn strong_words_are_marked_in_pairs() {
        let strong: Vec<_> = spans("严禁**买点击**和**")
            .into_iter()
            .map(|s| (s.text, s.strong))
            .collect();
        assert_eq!(
            strong,
            [
                ("严禁".into(), false),
                ("买点击".into(), true),
                ("和".into(), false),
                ("**".into(), false)
            ]
        );
    }
}
