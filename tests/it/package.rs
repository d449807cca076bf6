//! What is shipped. One rule: a file that a package names exists, a version is one version, and what
//! people install has the dependencies that were tested.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// As it was written: inside a package Cargo writes it anew, and keeps the old one beside it.
fn manifest() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path.join("Cargo.toml.orig")).unwrap_or_else(|_| read("Cargo.toml"))
}

#[test]
fn every_file_that_a_package_names_exists() {
    let manifest = manifest();
    let (_, assets) = manifest.split_once("\nassets = [\n").expect("the assets of a package");
    let (assets, _) = assets.split_once("\n]").expect("their end");
    // a path is the first string of its line
    let paths: Vec<_> = assets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(paths.len(), assets.lines().count(), "one asset a line");
    let kept: Vec<_> = paths.iter().filter(|it| !it.starts_with("target/")).collect();
    assert_eq!(kept.len() + 1, paths.len(), "the program is the one asset that is built");
    for path in kept {
        assert!(!read(path).is_empty(), "{path}");
    }
    for path in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(!read(path).is_empty(), "{path}");
    }
}

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = read("CHANGELOG.md");
    let newest = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## [")?.split(']').next())
        .find(|&version| version != "Unreleased");
    assert_eq!(newest, Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_manual_is_of_this_version() {
    let title = format!("\"tdig {}\"", env!("CARGO_PKG_VERSION"));
    assert!(
        read("man/tdig.1").lines().any(|line| line.starts_with(".TH ") && line.contains(&title))
    );
}

#[test]
fn every_command_that_installs_takes_the_versions_of_the_lock_file() {
    let mut found = 0;
    // a package holds neither the workflows nor the fuzz targets
    let elsewhere = ["fuzz/run", ".github/workflows/ci.yml", ".github/workflows/release.yml"];
    for path in ["README.md", "CONTRIBUTING.md", "RELEASING.md"].iter().chain(&elsewhere) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = fs::read_to_string(&path).unwrap_or_default();
        for line in text.lines().filter(|it| it.contains("cargo install ")) {
            assert!(line.contains("cargo install --locked "), "{}: {line}", path.display());
            found += 1;
        }
    }
    assert!(found >= 2, "the README says how to install");
}
