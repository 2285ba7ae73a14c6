//! Documents for a schema: good ones, ones with something changed, and texts with bytes changed.

use serde_json::{Map, Value, json};

/// Repeatable chance (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const LETTERS: [&str; 12] = ["a", "Z", " ", "é", "च", "ा", "🍵", "\"", "\\", "/", "~", "9"];
const SITES: [&str; 6] = [
    "https://chaya.example",
    "http://चाय.example:8080/a?b#c",
    "chaya",
    "https://a..b",
    "https://u@chaya.example",
    "https://chaya.example:x",
];
const TIMES: [&str; 5] = [
    "2026-02-01T06:30:00Z",
    "2024-02-29T23:59:59.5+05:30",
    "2026-02-29T00:00:00Z",
    "2026-02-01",
    "2016-12-31T23:59:60Z",
];

fn letters(count: usize, random: &mut Random) -> String {
    (0..count).map(|_| *random.pick(&LETTERS)).collect()
}

/// A document that the schema accepts, or nearly.
pub fn document(root: &Value, schema: &Value, random: &mut Random) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let mut whole = root.pointer(target.trim_start_matches('#')).cloned().unwrap_or_default();
        // Neighbours of a reference tighten what it says.
        for (keyword, value) in
            schema.as_object().into_iter().flatten().filter(|(keyword, _)| *keyword != "$ref")
        {
            whole[keyword.as_str()] = value.clone();
        }
        return document(root, &whole, random);
    }
    if let Some(words) = schema["enum"].as_array() {
        return random.pick(words).clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => random.pick(kinds).clone(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => object(root, schema, random),
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0) as usize + random.below(3);
            (0..count).map(|_| document(root, &schema["items"], random)).collect()
        }
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(0) + random.below(5) as i64),
        Some("number") => json!(random.below(1001) as f64 / 1000.0),
        Some("string") => json!(text(schema, random)),
        _ => Value::Null,
    }
}

fn object(root: &Value, schema: &Value, random: &mut Random) -> Value {
    let required = schema["required"].as_array();
    let mut made = Map::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if required.is_some_and(|names| names.iter().any(|other| other == name)) || !random.one_in(3) {
            made.insert(name.clone(), document(root, property, random));
        }
    }
    Value::Object(made)
}

fn text(schema: &Value, random: &mut Random) -> String {
    if schema["format"] == "date-time" {
        return if random.one_in(20) { (*random.pick(&TIMES)).to_owned() } else { TIMES[0].to_owned() };
    }
    match schema["x-error"]["code"].as_str() {
        Some("not_a_url") => {
            return SITES[if random.one_in(10) { random.below(SITES.len()) } else { random.below(2) }]
                .to_owned();
        }
        Some("wrong_version") => return format!("2.{}", random.below(12)),
        Some("not_a_checksum") => return format!("{:016x}", random.next()).repeat(4),
        Some("not_a_uuid") => {
            return if random.one_in(2) {
                String::new()
            } else {
                "0b8e2f6c-6f0e-4c1f-9a77-1d2f3a4b5c6d".to_owned()
            };
        }
        _ => {}
    }
    let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
    let most = schema["maxLength"].as_u64().unwrap_or(40) as usize;
    // Now and then on the limit, and one beyond it.
    let count = if random.one_in(60) { most + random.below(2) } else { least + random.below(12) };
    letters(count, random)
}

/// The document with one thing changed somewhere.
pub fn mutated(value: Value, random: &mut Random) -> Value {
    match value {
        Value::Object(mut members) if !members.is_empty() && !random.one_in(4) => {
            let name = members.keys().nth(random.below(members.len())).cloned().unwrap_or_default();
            match random.below(8) {
                0 => drop(members.remove(&name)),
                1 => drop(members.insert(letters(3, random), json!(1))),
                2 => drop(members.insert(name.chars().skip(1).collect(), json!([{}]))),
                _ => {
                    let below = members.remove(&name).unwrap_or_default();
                    members.insert(name, mutated(below, random));
                }
            }
            Value::Object(members)
        }
        Value::Array(mut items) if !items.is_empty() && !random.one_in(4) => {
            let at = random.below(items.len());
            match random.below(6) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items = items.iter().cycle().take(201).cloned().collect(),
                _ => items[at] = mutated(items[at].take(), random),
            }
            Value::Array(items)
        }
        Value::String(text) if !random.one_in(3) => {
            json!(match random.below(7) {
                0 => text + "\n",
                1 => text + "\u{0}",
                2 => text.chars().skip(1).collect(),
                3 => text.repeat(40),
                4 => text.to_uppercase(),
                5 => String::new(),
                _ => text + "\u{85}",
            })
        }
        Value::Number(_) if !random.one_in(3) => random
            .pick(&[
                json!(0),
                json!(-1),
                json!(1.0),
                json!(0.5),
                json!(6),
                json!(1201),
                json!(1e300),
                json!(4_294_967_296_u64),
            ])
            .clone(),
        _ => random
            .pick(&[
                json!(null),
                json!(true),
                json!(7),
                json!(0.25),
                json!("x"),
                json!([]),
                json!(["x", 1]),
                json!({}),
                json!({"a": {"b": []}}),
            ])
            .clone(),
    }
}

/// The text with some characters removed, repeated or replaced; mostly no JSON any more.
pub fn damaged(text: &str, random: &mut Random) -> String {
    const WITH: [&str; 16] =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud83c", "\\u00e9", "0", "-", ".", "e9", "null", "\n"];
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    for _ in 0..=random.below(2) {
        let at = random.below(characters.len().max(1));
        match random.below(4) {
            0 => drop(characters.get_mut(at).map(std::mem::take)),
            1 => characters.truncate(at),
            _ => characters.insert(at, (*random.pick(&WITH)).to_owned()),
        }
    }
    characters.concat()
}
