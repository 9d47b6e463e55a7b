//! "Did you mean …?": the known word that is nearest to one that is not.

/// The word most like `word`, if one is like it at all; letter case does not count.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(word, known).into_iter().next()
}

/// The hint to a word that nobody knows: the nearest that is known, or what else there is to say.
pub fn suggestion<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    otherwise: impl FnOnce() -> String,
) -> String {
    nearest(word, known).map_or_else(otherwise, |word| format!("did you mean `{word}`?"))
}

/// The words like `word`, most like it first, without those that are clearly less like it than the first.
#[must_use]
pub fn ranked<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut candidates: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (likeness(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ENOUGH)
        .collect();
    candidates.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let best = candidates.first().map_or(0.0, |(likeness, _)| *likeness);
    candidates.retain(|(likeness, _)| best - likeness <= CLOSE);
    candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Below this a suggestion is noise: `slot.foo` is not "nearly" `payment.failed`.
const ENOUGH: f64 = 0.6;

/// What is less like the word by more than this is not worth naming beside the best.
const CLOSE: f64 = 0.1;

fn likeness(word: &str, candidate: &str) -> f64 {
    // A part that was typed right counts as a near miss, however much of the rest is missing: `submitted`.
    if word.len() >= 4 && candidate.contains(word) {
        return 0.95;
    }
    // Far longer or shorter words are not like it, and measuring how little takes long.
    let (short, long) = (word.len().min(candidate.len()), word.len().max(candidate.len()));
    if short * 3 < long {
        return 0.0;
    }
    strsim::normalized_damerau_levenshtein(word, candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let events = ["slot.submitted", "slot.accepted", "payment.failed"];
        assert_eq!(nearest("slot.submited", events), Some("slot.submitted"));
        assert_eq!(nearest("SLOT.ACCEPTED", events), Some("slot.accepted"));
        assert_eq!(nearest("submitted", events), Some("slot.submitted"));
        assert_eq!(nearest("zzz", events), None);
    }
}
