//! From a regular expression to an automaton that looks at each byte once.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use gatehouse_core::validator::Pattern;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};

use crate::leak;

const LOST: u16 = 0;
const FOUND: u16 = 1;

/// Compiles a pattern; as JSON Schema has it, it may be found anywhere in the text.
///
/// # Errors
/// When it is no regular language (lookaround, back references), has too many states for its table, or uses a class of which
/// JavaScript and Rust have different ideas.
pub fn compile(source: &str, code: &'static str, message: &'static str) -> Result<Pattern> {
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        if character == '\\'
            && let Some(class @ ('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'b' | 'B')) = characters.next()
        {
            bail!("\\{class} means different things to different engines: write the characters out");
        }
    }
    let dense = dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .match_kind(MatchKind::LeftmostFirst)
                .minimize(true),
        )
        .build(source)
        .with_context(|| format!("the pattern {source} cannot be compiled"))?;
    let start = dense.start_state_forward(&Input::new("").anchored(Anchored::No))?;
    let mut numbers = BTreeMap::from([(start, 2)]);
    let mut states = vec![start];
    let mut rows: Vec<[u16; 256]> = Vec::new();
    let mut ends = vec![false, true];
    while let Some(&state) = states.get(rows.len()) {
        let mut row = [LOST; 256];
        for byte in 0..=255 {
            let next = dense.next_state(state, byte);
            row[usize::from(byte)] = number(&dense, next, &mut numbers, &mut states)?;
        }
        rows.push(row);
        ends.push(dense.is_match_state(dense.next_eoi_state(state)));
    }
    // The two states that decide have rows too, so that a row's place is its state.
    rows.splice(0..0, [[LOST; 256], [FOUND; 256]]);
    pack(&rows, ends, code, message)
}

type Dense = dense::DFA<Vec<u32>>;

fn number(
    dense: &Dense,
    state: StateID,
    numbers: &mut BTreeMap<StateID, u16>,
    states: &mut Vec<StateID>,
) -> Result<u16> {
    if dense.is_match_state(state) {
        return Ok(FOUND);
    }
    if dense.is_dead_state(state) {
        return Ok(LOST);
    }
    if dense.is_quit_state(state) {
        bail!("the pattern looks around in a way that needs more than one look at each byte");
    }
    if let Some(number) = numbers.get(&state) {
        return Ok(*number);
    }
    let number = u16::try_from(states.len() + 2).context("the pattern has too many states")?;
    numbers.insert(state, number);
    states.push(state);
    Ok(number)
}

/// Whether no text of printable ASCII characters, the empty one among them, can fail to have it.
fn accepts_plain(rows: &[[u16; 256]], ends: &[bool]) -> bool {
    let mut reached = vec![2];
    let mut next = 0;
    while let Some(&state) = reached.get(next) {
        if !ends[usize::from(state)] {
            return false;
        }
        for &to in &rows[usize::from(state)][0x20..0x7f] {
            if to != FOUND && !reached.contains(&to) {
                reached.push(to);
            }
        }
        next += 1;
    }
    true
}

/// Bytes that lead to the same states everywhere share a column.
fn pack(rows: &[[u16; 256]], ends: Vec<bool>, code: &'static str, message: &'static str) -> Result<Pattern> {
    let mut columns: Vec<Vec<u16>> = Vec::new();
    let mut classes = [0; 256];
    for (byte, class) in classes.iter_mut().enumerate() {
        let column: Vec<u16> = rows.iter().map(|row| row[byte]).collect();
        let known = columns.iter().position(|other| *other == column).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        });
        // There are at most 256 different columns.
        *class = known as u8;
    }
    let width = columns.len();
    if rows.len() * width > usize::from(u16::MAX) {
        bail!("the pattern has too many states");
    }
    // There are fewer than 65,536, so a row's beginning fits.
    let row_of = |state: u16| state * width as u16;
    let next =
        (0..rows.len()).flat_map(|row| columns.iter().map(move |column| row_of(column[row]))).collect();
    let accepts_plain = accepts_plain(rows, &ends);
    Ok(Pattern {
        code,
        message,
        accepts_plain,
        classes: Box::leak(Box::new(classes)),
        width,
        next: leak(next),
        ends: leak(ends),
    })
}
