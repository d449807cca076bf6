//! What is said of the code: the map in `src/lib.rs`, and the guide in `CONTRIBUTING.md`. One rule:
//! both are true.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The source files below a folder, without those of tests.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.file_stem().is_some_and(|it| it != "tests"))
        .flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] })
        .collect()
}

/// The source files of a module, without those of its tests.
fn files(module: &Path) -> Vec<PathBuf> {
    let own = module.with_extension("rs");
    below(module).into_iter().chain(own.exists().then_some(own)).collect()
}

/// The modules of this crate that a text imports, beside its own, and outside of its tests.
fn imports(text: &str, own: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let name =
        |rest: &str| rest.split(|it: char| !it.is_ascii_lowercase()).next().map(str::to_owned);
    let names = text.split("crate::").skip(1).filter_map(name);
    names.filter(|it| !it.is_empty() && it != own).collect()
}

#[test]
fn the_map_says_what_each_part_imports_and_nothing_imports_what_stands_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).unwrap();
    let rows: Vec<Vec<&str>> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let named = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let parts: Vec<_> = rows.iter().flat_map(|row| named(row[0])).collect();
    for row in rows.iter().skip(3) {
        let [part] = &named(row[0])[..] else { panic!("one part a row: {row:?}") };
        let drawn: BTreeSet<_> = named(row[2]).into_iter().collect();
        let mut found = BTreeSet::new();
        for file in files(&src.join(part)) {
            found.extend(imports(&fs::read_to_string(file).unwrap(), part));
        }
        assert_eq!(drawn, found, "{part}");
        let place = parts.iter().position(|it| it == part);
        let above = found.iter().find(|it| parts.iter().position(|part| part == *it) < place);
        assert_eq!(above, None, "{part} imports what stands above it");
    }
    assert_eq!(
        parts.len(),
        lib.lines().filter(|it| it.contains("mod ") && it.ends_with(';')).count() + 2
    );
}

#[test]
fn every_file_says_what_lives_there_and_is_no_longer_than_a_person_reads() {
    for path in below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}", path.display());
        assert!(text.lines().count() <= 600, "{}", path.display());
    }
}

/// The source files below a folder, those of tests included.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

#[test]
fn the_guide_names_files_and_functions_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let code = guide.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = sources(&root.join("src")).into_iter().chain(sources(&root.join("tests")));
    let all: String = paths.map(|path| fs::read_to_string(path).unwrap()).collect();
    let (mut files, mut functions) = (0, 0);
    for word in code {
        if word.starts_with("src/") || word.starts_with("tests/") {
            assert!(root.join(word).exists(), "{word}");
            files += 1;
        } else if word.contains('_') && word.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
        {
            assert!(all.contains(&format!("fn {word}(")), "no function {word}");
            functions += 1;
        }
    }
    assert!(files > 50 && functions > 25, "the guide says how to add to the code");
}
/// The Rust files that people read: of the program, and of whatever tests it.
fn read_by_people() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // a package holds no fuzz targets
    let folders = ["src", "tests", "benches", "examples", "fuzz/targets"].map(|it| root.join(it));
    folders.iter().filter(|it| it.exists()).flat_map(|it| sources(it)).collect()
}

/// A path as people write it.
fn relative(path: &Path) -> String {
    let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

/// The text of a comment in this line; `None` if there is none. What follows an odd number of quotes
/// is part of a string.
fn comment(line: &str) -> Option<&str> {
    let (code, text) = line.split_once("//")?;
    let quotes = code.replace("\\\"", "").matches('"').count();
    let begins = code.trim().is_empty() || code.ends_with(' ') && quotes % 2 == 0;
    begins.then(|| text.trim_start_matches(['/', '!']).trim())
}

/// The words of which no sentence and no clause of a comment may make its subject.
const BARE: &[&str] =
    &["who", "whom", "whoever", "whomever", "nobody", "somebody", "anybody", "everybody"];

/// Whether a clause begins with a bare pronoun: at the start of the comment, or after what ends a
/// clause. `before` is the text that the line continues. A comma does not end one: "a user, who".
fn has_bare_subject(before: &str, text: &str) -> bool {
    let mut begins = before.is_empty() || before.ends_with(['.', ';', ':']);
    text.split_whitespace().any(|word| {
        let plain = word.trim_matches(|it: char| !it.is_ascii_alphabetic()).to_ascii_lowercase();
        let is_bare = begins && BARE.contains(&&*plain);
        begins = word.ends_with(['.', ';', ':']);
        is_bare
    })
}

#[test]
fn no_comment_has_a_bare_pronoun_for_its_subject() {
    let mut found = Vec::new();
    for path in read_by_people() {
        let text = fs::read_to_string(&path).unwrap();
        let mut before = String::new();
        for (number, line) in text.lines().enumerate() {
            let Some(comment) = comment(line) else {
                before.clear();
                continue;
            };
            if has_bare_subject(&before, comment) {
                found.push(format!("{}:{}: {comment}", relative(&path), number + 1));
            }
            comment.clone_into(&mut before);
        }
    }
    assert!(found.is_empty(), "{} comments name no subject:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_bare_pronoun_is_found_where_it_is_a_subject() {
    for (before, text) in [
        ("", "Whom it is with."),
        ("", "who resets had accepted"),
        ("One rule.", "Nobody waits."),
        ("", "as kdig: who wants no TCP wants none on truncation either"),
        ("", "The settings of TLS; who sets one wants TLS."),
    ] {
        assert!(has_bare_subject(before, text), "{text}");
    }
    for (before, text) in [
        ("tdig shows", "who answered"),
        ("", "shows who answered and what was answered"),
        ("", "a reader who has enough"),
        ("", "The peer that was asked."),
    ] {
        assert!(!has_bare_subject(before, text), "{text}");
    }
    assert_eq!(comment("    let x = 1; // why"), Some("why"));
    assert_eq!(comment("    //! What it is."), Some("What it is."));
    assert_eq!(comment("    let x = \"https://who.example\";"), None);
    assert_eq!(comment("    let x = \"a // who\";"), None);
}

#[test]
fn a_bound_is_called_max_or_min() {
    const OTHERS: &[&str] = &["MOST", "LEAST", "LONGEST", "LARGEST", "SHORTEST", "SMALLEST"];
    let mut found = Vec::new();
    for path in read_by_people() {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let Some((_, rest)) = line.split_once("const ") else { continue };
            let name = rest.split(':').next().unwrap_or_default();
            if OTHERS.iter().any(|it| name.split('_').next() == Some(*it)) {
                found.push(format!("{}:{}: {name}", relative(&path), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
