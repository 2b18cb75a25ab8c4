//! The words of generated sentences.

use std::collections::BTreeSet;

/// `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// `no layer`, `layer 2`, `layers 1, 2 and 4`.
pub fn numbered(what: &str, numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match names.len() {
        0 => format!("no {what}"),
        1 => format!("{what} {}", listed(&names)),
        _ => format!("{what}s {}", listed(&names)),
    }
}

/// `1 seed`, `5 seeds`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `seed 1`, `seeds 1, 2 and 4`, `seeds 1 to 5`.
pub fn seeds(seeds: &BTreeSet<u64>) -> String {
    let names: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    let (first, last) = (seeds.first(), seeds.last());
    let without_gap = first.zip(last).is_some_and(|(a, b)| b - a == names.len() as u64 - 1);
    match names.as_slice() {
        [one] => format!("seed {one}"),
        [first, _, .., last] if without_gap => format!("seeds {first} to {last}"),
        names => format!("seeds {}", listed(names)),
    }
}

/// The text with a capital at its start.
pub fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_as_one_says_them() {
        let words = [&[][..], &[2], &[1, 3], &[1, 2, 3]].map(|all| numbered("layer", all));
        assert_eq!(words, ["no layer", "layer 2", "layers 1 and 3", "layers 1, 2 and 3"]);
        assert_eq!([0, 1, 2].map(|n| counted(n, "seed")), ["0 seeds", "1 seed", "2 seeds"]);
        let named = |all: &[u64]| seeds(&all.iter().copied().collect());
        assert_eq!(named(&[7]), "seed 7");
        assert_eq!(named(&[1, 2]), "seeds 1 and 2");
        assert_eq!(named(&[0, 1, 2]), "seeds 0 to 2");
        assert_eq!(named(&[1, 2, 4, u64::MAX]), "seeds 1, 2, 4 and 18446744073709551615");
        assert_eq!(["", "α", "éa b"].map(capitalised), ["", "Α", "Éa b"]);
    }
}
