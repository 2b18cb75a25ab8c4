//! The study's Makefile, on a miniature, with the tools of this build.

mod build;
mod clean;
mod commands;
mod data;
mod environment;
mod names;
mod own;
mod places;
mod reconstructions;
mod reruns;
mod settings;
mod sweep;
mod terminal;

use std::collections::BTreeSet;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.into()).collect()
}

/// What make said, however it was broken into lines.
fn unwrapped(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The column `name` of the rows that contain all of `words`.
fn column(table: &str, name: &str, words: &[&str]) -> Vec<String> {
    let header: Vec<_> = table.lines().next().unwrap().split(',').collect();
    let place = header.iter().position(|column| *column == name).unwrap();
    let rows = table.lines().skip(1).filter(|row| words.iter().all(|word| row.contains(word)));
    rows.map(|row| row.split(',').nth(place).unwrap().to_owned()).collect()
}
