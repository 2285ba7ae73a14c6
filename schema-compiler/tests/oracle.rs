//! The `jsonschema` crate as the oracle: on generated, mutated and damaged documents of every schema of ours, the
//! verdict and the set of failing pointers are the same.
//!
//! `GATEHOUSE_ORACLE_DOCUMENTS` asks for more documents, `GATEHOUSE_ORACLE_SEED` for other ones. A document comes from
//! one seed; seeds that have ever failed stand in `oracle_seeds.txt` and run each time.

mod documents;

use std::collections::BTreeSet;
use std::path::Path;

use documents::{Random, damaged, document, mutated};
use gatehouse_core::validator::{NodeId, PROGRAM, Violation, validate_node};
use gatehouse_schema_compiler::Schemas;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Validator};
use serde_json::Value;

/// `npm run assurance` judges a million.
const DOCUMENTS: u64 = 5_000;
/// What we refuse and a reader that keeps the last of two equal names, or all numbers that a binary fraction can hold,
/// does not.
const STRICTER: [&str; 3] = ["duplicate_key", "number_out_of_range", "too_deep"];

struct Pair {
    name: String,
    schema: Value,
    node: NodeId,
    oracle: Validator,
}

fn pairs() -> Vec<Pair> {
    let schemas = Schemas::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
    let names = schemas.0.keys().filter(|name| *name != "texts").cloned();
    names
        .map(|name| {
            let schema = schemas.bundled(&name);
            let oracle = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&schema)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            Pair { node: PROGRAM.root(&name).unwrap(), name, schema, oracle }
        })
        .collect()
}

/// The oracle's faults as ours are told: what is missing or unknown is pointed at itself.
fn told(oracle: &Validator, value: &Value) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for error in oracle.iter_errors(value) {
        let at = error.instance_path().to_string();
        let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        let keyword = error.kind().keyword().to_owned();
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                all.insert((below(property.as_str().unwrap_or_default()), keyword));
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                all.extend(unexpected.iter().map(|name| (below(name), keyword.clone())));
            }
            _ => {
                all.insert((at, keyword));
            }
        }
    }
    all
}

fn compare(pair: &Pair, text: &str, ours: &[Violation]) -> Result<(), String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return if ours.is_empty() { Err("the oracle's reader refuses it".to_owned()) } else { Ok(()) };
    };
    if ours.iter().any(|fault| fault.code == "not_json" || fault.code == "lone_surrogate") {
        return Err(format!("the oracle's reader takes it: {ours:?}"));
    }
    if ours.iter().any(|fault| STRICTER.contains(&fault.code)) {
        return Ok(());
    }
    let theirs = told(&pair.oracle, &value);
    let pointers =
        |all: &BTreeSet<(String, String)>| all.iter().map(|(at, _)| at.clone()).collect::<BTreeSet<_>>();
    let ours: BTreeSet<_> =
        ours.iter().map(|fault| (fault.pointer.clone(), fault.keyword.to_owned())).collect();
    // A value of the wrong type is told once, not again for each value that it might have been.
    if pointers(&ours) == pointers(&theirs) && ours.is_subset(&theirs) {
        return Ok(());
    }
    Err(format!("ours {ours:?}\ntheirs {theirs:?}"))
}

/// Makes the document of a seed and compares. Answers whether it was valid.
fn judge(pairs: &[Pair], seed: u64) -> bool {
    let mut random = Random(seed);
    let pair = &pairs[random.below(pairs.len())];
    let mut value = document(&pair.schema, &pair.schema, &mut random);
    for _ in 0..random.below(4) {
        value = mutated(value, &mut random);
    }
    let mut text =
        if random.one_in(2) { value.to_string() } else { serde_json::to_string_pretty(&value).unwrap() };
    if random.one_in(5) {
        text = damaged(&text, &mut random);
    }
    let ours = validate_node(&PROGRAM, pair.node, &text);
    if let Err(difference) = compare(pair, &text, &ours) {
        panic!("seed {seed} ({}): {difference}\n{text}\nWrite the seed into oracle_seeds.txt.", pair.name);
    }
    ours.is_empty()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn verdicts_and_failing_pointers_are_the_oracles() {
    let pairs = pairs();
    let documents = setting("GATEHOUSE_ORACLE_DOCUMENTS", DOCUMENTS);
    let first = setting("GATEHOUSE_ORACLE_SEED", 20_261_123);
    for seed in include_str!("oracle_seeds.txt").lines().filter_map(|line| line.parse().ok()) {
        judge(&pairs, seed);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let good: usize = std::thread::scope(|scope| {
        let pairs = &pairs;
        let share = |thread| (first + thread as u64..first + documents).step_by(threads);
        let workers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread).filter(|seed| judge(pairs, *seed)).count()))
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("counted: {good} of {documents} documents from seed {first} valid");
    // A generator that makes only good or only bad documents would prove little.
    let good = good as u64;
    assert!(good > documents / 10 && good < documents * 9 / 10, "{good} of {documents} valid");
}
