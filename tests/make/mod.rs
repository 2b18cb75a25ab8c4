//! The study's Makefile, on a miniature, with the tools of this build.

mod clean;
mod data;
mod environment;
mod own;
mod reconstructions;
mod reruns;
mod settings;
mod sweep;

use std::collections::BTreeSet;

fn set(tools: &[&str]) -> BTreeSet<String> {
    tools.iter().map(|&tool| tool.into()).collect()
}

/// The column `name` of the rows that contain all of `words`.
fn column(table: &str, name: &str, words: &[&str]) -> Vec<String> {
    let header: Vec<_> = table.lines().next().unwrap().split(',').collect();
    let place = header.iter().position(|column| *column == name).unwrap();
    let rows = table.lines().skip(1).filter(|row| words.iter().all(|word| row.contains(word)));
    rows.map(|row| row.split(',').nth(place).unwrap().to_owned()).collect()
}
