//! Two texts side by side: where they differ, or nothing if they are equal.

/// The differing lines, `-` those wanted and `+` those found, with the equal ones between them;
/// None if there is no difference.
pub(crate) fn difference(wanted: &[String], found: &[String]) -> Option<String> {
    if wanted == found {
        return None;
    }
    let common = common_lengths(wanted, found);
    let (mut i, mut j) = (0, 0);
    let mut text = String::new();
    let mut line = |mark: &str, line: &str| text.push_str(&format!("    {mark} {line:?}\n"));
    while i < wanted.len() || j < found.len() {
        if i < wanted.len() && j < found.len() && wanted[i] == found[j] {
            line(" ", &wanted[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == found.len() || (i < wanted.len() && common[i + 1][j] >= common[i][j + 1]) {
            line("-", &wanted[i]);
            i += 1;
        } else {
            line("+", &found[j]);
            j += 1;
        }
    }
    Some(text)
}

/// `[i][j]` is how many lines `one[i..]` and `two[j..]` have in common, in order.
fn common_lengths(one: &[String], two: &[String]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; two.len() + 1]; one.len() + 1];
    for i in (0..one.len()).rev() {
        for j in (0..two.len()).rev() {
            lengths[i][j] = if one[i] == two[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(difference(&lines("a\n\nb"), &lines("a\n\nb")), None);
    }

    #[test]
    fn a_difference_shows_both_lines_in_their_place() {
        let text = difference(&lines("a\nb\nc"), &lines("a\nB\nc\nd"));
        let wanted = "      \"a\"\n    - \"b\"\n    + \"B\"\n      \"c\"\n    + \"d\"\n";
        assert_eq!(text.as_deref(), Some(wanted));
    }

    #[test]
    fn a_blank_line_and_a_tab_count() {
        assert!(difference(&lines("a\nb"), &lines("a\n\nb")).is_some());
        assert!(difference(&lines("a\tb"), &lines("a b")).is_some());
    }
}
