//! Where a text can be cut: between its extended grapheme clusters (UAX #29, rules GB3 to GB999).
//!
//! Our own code, because the `unicode-segmentation` crate's tables are 10 KB gzip in the browser bundle and these are
//! 3. The tests compare both table and rules with the crate.

use super::cluster_classes::RUNS;

/// What a character does at the end of a cluster and at the beginning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Other,
    Control,
    Cr,
    Lf,
    /// Joins what stands before it, and lets a consonant's linker work through it.
    Extend,
    /// The same, but no linker works through it.
    Bare,
    /// The sign that joins two consonants of one of India's scripts.
    Linker,
    /// The zero width joiner.
    Joiner,
    Spacing,
    Prepend,
    /// Two of them are a flag.
    Regional,
    /// A picture that a joiner can join to another.
    Picture,
    Consonant,
    /// Leading, middle and trailing parts of a Hangul syllable.
    L,
    V,
    T,
    /// Whole syllables without and with a trailing part.
    Lv,
    Lvt,
}

use Class::*;

/// The classes that runs name by their place here. Syllables are computed, and others are in no run.
pub(super) const NAMED: [Class; 15] =
    [Control, Cr, Lf, Extend, Bare, Linker, Joiner, Spacing, Prepend, Regional, Picture, Consonant, L, V, T];

fn class(character: char) -> Class {
    let code = u32::from(character);
    if matches!(character, ' '..='~') {
        return Other;
    }
    if (0xac00..=0xd7a3).contains(&code) {
        return if (code - 0xac00) % 28 == 0 { Lv } else { Lvt };
    }
    let after = RUNS.partition_point(|run| run >> 11 <= code);
    let run = after.checked_sub(1).and_then(|at| RUNS.get(at)).copied().unwrap_or(u32::MAX);
    if code.wrapping_sub(run >> 11) > run >> 4 & 0x7f {
        return Other;
    }
    NAMED.get(run as usize & 0xf).copied().unwrap_or(Other)
}

/// The byte at which cluster number `number` begins, from 0; `None` where there are no more than so many.
pub(super) fn start_of_cluster(text: &str, number: usize) -> Option<usize> {
    let mut before = ClusterState::default();
    let starts = text.char_indices().filter(|(_, character)| !before.is_joined_by(class(*character)));
    starts.map(|(at, _)| at).nth(number)
}

/// The state of the text so far that decides whether the next character belongs to its last cluster.
#[derive(Default)]
struct ClusterState {
    last: Option<Class>,
    /// Whether it ends in an odd number of regional indicators.
    half_flag: bool,
    picture: Picturing,
    consonant: Linking,
}

/// Whether it ends in a picture with what extends it, or in a joiner after that.
#[derive(Default, PartialEq)]
enum Picturing {
    #[default]
    No,
    Seen,
    Joined,
}

/// Whether it ends in a consonant with what extends it, with a linker among that or not.
#[derive(Default, PartialEq)]
enum Linking {
    #[default]
    No,
    Seen,
    Linked,
}

impl ClusterState {
    /// Adds the next character; returns whether it belongs to the last cluster.
    fn is_joined_by(&mut self, next: Class) -> bool {
        let joined = match (self.last, next) {
            (None, _) => false,
            (Some(Cr), Lf) => true,
            (Some(Control | Cr | Lf), _) | (_, Control | Cr | Lf) => false,
            (Some(L), L | V | Lv | Lvt) | (Some(V | Lv), V | T) | (Some(T | Lvt), T) => true,
            (_, Extend | Bare | Linker | Joiner | Spacing) | (Some(Prepend), _) => true,
            (_, Consonant) => self.consonant == Linking::Linked,
            (_, Picture) => self.picture == Picturing::Joined,
            (_, Regional) => self.half_flag,
            _ => false,
        };
        self.last = Some(next);
        self.half_flag = next == Regional && !self.half_flag;
        self.picture = match (&self.picture, next) {
            (_, Picture) | (Picturing::Seen, Extend | Bare | Linker) => Picturing::Seen,
            (Picturing::Seen, Joiner) => Picturing::Joined,
            _ => Picturing::No,
        };
        self.consonant = match (&self.consonant, next) {
            (_, Consonant) => Linking::Seen,
            (Linking::Seen | Linking::Linked, Linker) => Linking::Linked,
            (Linking::Seen, Extend | Joiner) => Linking::Seen,
            (Linking::Linked, Extend | Joiner) => Linking::Linked,
            _ => Linking::No,
        };
        joined
    }
}

#[cfg(test)]
#[path = "clusters_tests.rs"]
mod tests;
