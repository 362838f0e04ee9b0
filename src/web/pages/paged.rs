//! Lists that are longer than a page.

/// Cuts rows to `most`; one more was asked for than is shown, and whether it came is whether there are more.
pub(in crate::web) fn cut<T>(rows: &mut Vec<T>, most: i64) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    more
}

/// Where the pages before and after this one are, for numbered pages from 1 to `last`.
pub(in crate::web) fn turns(
    at: i64,
    last: i64,
    more: bool,
    href: impl Fn(i64) -> String,
) -> (Option<String>, Option<String>) {
    (
        (at > 1).then(|| href(at - 1)),
        (more && at < last).then(|| href(at + 1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_too_many_is_cut_and_told() {
        for (rows, kept, more) in [(0, 0, false), (2, 2, false), (3, 2, true)] {
            let mut list: Vec<i64> = (0..rows).collect();
            assert_eq!((cut(&mut list, 2), list.len()), (more, kept), "{rows}");
        }
    }

    #[test]
    fn the_first_page_has_none_before_it_and_the_last_none_after() {
        let href = |page: i64| page.to_string();
        let page = |text: &str| Some(text.to_owned());
        assert_eq!(turns(1, 3, true, href), (None, page("2")));
        assert_eq!(turns(2, 3, true, href), (page("1"), page("3")));
        assert_eq!(turns(2, 3, false, href), (page("1"), None));
        assert_eq!(turns(3, 3, true, href), (page("2"), None));
    }
}
