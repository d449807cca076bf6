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
