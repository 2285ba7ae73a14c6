//! One node for each set of schema places that can hold at one place of a document.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use gatehouse_core::validator::{
    ANY, Check, Choice, Lengths, NEVER, Node, NodeId, Pattern, Program, canonical, kind,
};
use serde_json::{Map, Value};

use crate::schema::{Found, Place, find, with_references};
use crate::{leak, leak_text, pattern};

/// A required member is a bit of a `u64`.
const MOST_PROPERTIES: usize = 64;

/// The nodes made so far.
pub struct Nodes<'a> {
    schemas: &'a BTreeMap<String, Value>,
    known: BTreeMap<Vec<Place>, NodeId>,
    nodes: Vec<Node>,
    patterns: Vec<Pattern>,
    pattern_numbers: BTreeMap<[String; 3], usize>,
}

/// No text at all.
const NONE: Lengths = Lengths { least: 1, most: 0 };

const fn node(kinds: u8) -> Node {
    let plain_lengths = if kinds == 0 { NONE } else { Lengths { least: 0, most: u32::MAX } };
    Node {
        label: "",
        step: "",
        kinds,
        plain_lengths,
        checks: &[],
        properties: &[],
        required: 0,
        other: ANY,
        items: ANY,
    }
}

impl<'a> Nodes<'a> {
    /// Only the two nodes that every program has.
    pub fn new(schemas: &'a BTreeMap<String, Value>) -> Self {
        Self {
            schemas,
            known: BTreeMap::new(),
            nodes: vec![node(kind::ALL), node(0)],
            patterns: Vec::new(),
            pattern_numbers: BTreeMap::new(),
        }
    }

    /// The node of a whole schema.
    pub fn root(&mut self, name: &str) -> Result<NodeId> {
        self.node(vec![Place::root(name)])
    }

    /// The tables.
    pub fn into_program(self, roots: Vec<(&'static str, NodeId)>) -> Program {
        Program { nodes: leak(self.nodes), roots: leak(roots), patterns: leak(self.patterns) }
    }

    /// The node for all of these places together.
    fn node(&mut self, places: Vec<Place>) -> Result<NodeId> {
        let mut all = Vec::new();
        for place in places {
            with_references(self.schemas, place, &mut all)?;
        }
        if let Some(id) = self.known.get(&all) {
            return Ok(*id);
        }
        let mut schemas = Vec::new();
        for place in &all {
            match find(self.schemas, place)? {
                Found::Fixed(false) => return Ok(NEVER),
                Found::Fixed(true) => {}
                Found::Keywords(keywords) => schemas.push((place.clone(), keywords)),
            }
        }
        if schemas.iter().all(|(_, keywords)| keywords.is_empty()) {
            return Ok(ANY);
        }
        let id = NodeId::try_from(self.nodes.len()).context("too many nodes")?;
        // Its number is taken before its members are looked at: they may lead back to it.
        self.known.insert(all, id);
        self.nodes.push(node(kind::ALL));
        let made = self.combined(&schemas)?;
        self.nodes[usize::from(id)] = made;
        Ok(id)
    }

    fn combined(&mut self, schemas: &[(Place, &Map<String, Value>)]) -> Result<Node> {
        let mut made = node(kind::ALL);
        let mut checks = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut required = BTreeSet::new();
        let mut items = Vec::new();
        let mut others = Vec::new();
        for (place, keywords) in schemas {
            let text = |name: &str| keywords.get(name).and_then(Value::as_str).unwrap_or_default();
            if made.label.is_empty() {
                made.label = leak_text(text("title"));
            }
            if made.step.is_empty() {
                made.step = leak_text(text("x-step"));
            }
            if let Some(types) = keywords.get("type") {
                made.kinds &= kinds(types).with_context(|| format!("{place}: type"))?;
            }
            for (keyword, value) in *keywords {
                checks.extend(
                    self.check(keyword, value, keywords).with_context(|| format!("{place}: {keyword}"))?,
                );
            }
            let listed = keywords.get("required").and_then(Value::as_array);
            required.extend(listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            for name in keywords.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys)
            {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            if keywords.contains_key("items") {
                items.push(place.below(&["items"]));
            }
            if keywords.contains_key("additionalProperties") {
                others.push(place.below(&["additionalProperties"]));
            }
        }
        let only_required: Vec<_> = required.iter().filter(|name| !names.contains(name)).cloned().collect();
        names.extend(only_required);
        if names.len() > MOST_PROPERTIES {
            bail!("more than {MOST_PROPERTIES} properties at {}", schemas[0].0);
        }
        let mut properties = Vec::new();
        for (number, name) in names.iter().enumerate() {
            if required.contains(name) {
                made.required |= 1 << number;
            }
            let places = schemas.iter().filter_map(|(place, keywords)| {
                if keywords.get("properties").is_some_and(|known| known.get(name).is_some()) {
                    return Some(place.below(&["properties", name]));
                }
                keywords.contains_key("additionalProperties").then(|| place.below(&["additionalProperties"]))
            });
            properties.push((leak_text(name), self.node(places.collect())?));
        }
        made.properties = leak(properties);
        made.plain_lengths = self.plain_lengths(made.kinds, &checks);
        made.checks = leak(checks);
        made.items = self.node(items)?;
        made.other = self.node(others)?;
        Ok(made)
    }

    /// How long a text of printable ASCII must be to pass all of the checks.
    fn plain_lengths(&self, kinds: u8, checks: &[Check]) -> Lengths {
        let mut plain_lengths = Lengths { least: 0, most: u32::MAX };
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        for check in checks {
            match check {
                Check::MinLength(least) => plain_lengths.least = plain_lengths.least.max(length(*least)),
                Check::MaxLength(most) => plain_lengths.most = plain_lengths.most.min(length(*most)),
                Check::Pattern(number) if self.patterns[*number].accepts_plain => {}
                Check::Pattern(_) | Check::DateTime | Check::OneOf(_) | Check::Const(_) => return NONE,
                // For other kinds of value.
                _ => {}
            }
        }
        if kinds & kind::STRING == 0 { NONE } else { plain_lengths }
    }

    /// The check that a keyword stands for, if it stands for one.
    fn check(&mut self, keyword: &str, value: &Value, beside: &Map<String, Value>) -> Result<Option<Check>> {
        Ok(Some(match keyword {
            "minLength" => Check::MinLength(count(value)?),
            "maxLength" => Check::MaxLength(count(value)?),
            "minItems" => Check::MinItems(count(value)?),
            "maxItems" => Check::MaxItems(count(value)?),
            "minimum" => Check::Minimum(number(value)?),
            "maximum" => Check::Maximum(number(value)?),
            "exclusiveMinimum" => Check::ExclusiveMinimum(number(value)?),
            "exclusiveMaximum" => Check::ExclusiveMaximum(number(value)?),
            "pattern" => Check::Pattern(self.pattern(value, beside)?),
            "uniqueItems" if value == &Value::Bool(true) => Check::UniqueItems,
            "format" if value == "date-time" => Check::DateTime,
            "format" => bail!("the format {value} is not known here"),
            "enum" => Check::OneOf(choice(value.as_array().context("a list is expected")?)?),
            "const" => Check::Const(choice(std::slice::from_ref(value))?),
            _ => return Ok(None),
        }))
    }

    fn pattern(&mut self, value: &Value, beside: &Map<String, Value>) -> Result<usize> {
        let source = value.as_str().context("a text is expected")?;
        let said = |name: &str| beside.get("x-error").and_then(|error| error[name].as_str());
        let code = said("code").unwrap_or("wrong_form");
        let message = said("message").unwrap_or("does not have the form that is asked for.");
        let key = [source.to_owned(), code.to_owned(), message.to_owned()];
        if let Some(number) = self.pattern_numbers.get(&key) {
            return Ok(*number);
        }
        let number = self.patterns.len();
        self.patterns.push(pattern::compile(source, leak_text(code), leak_text(message))?);
        self.pattern_numbers.insert(key, number);
        Ok(number)
    }
}

fn kinds(types: &Value) -> Result<u8> {
    let one = |name: &Value| {
        Ok(match name.as_str() {
            Some("null") => kind::NULL,
            Some("boolean") => kind::BOOLEAN,
            Some("object") => kind::OBJECT,
            Some("array") => kind::ARRAY,
            Some("integer") => kind::INTEGER,
            Some("number") => kind::INTEGER | kind::FRACTION,
            Some("string") => kind::STRING,
            _ => bail!("{name} is no type"),
        })
    };
    match types {
        Value::Array(names) => names.iter().try_fold(0, |all, name| Ok(all | one(name)?)),
        name => one(name),
    }
}

/// A length; JSON Schema allows `2.0`.
fn count(value: &Value) -> Result<usize> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..9e15).contains(number));
    Ok(number.with_context(|| format!("{value} is no length"))? as usize)
}

fn number(value: &Value) -> Result<&'static str> {
    if !value.is_number() {
        bail!("{value} is no number");
    }
    Ok(leak_text(&value.to_string()))
}

fn choice(values: &[Value]) -> Result<Choice> {
    let texts = values.iter().filter_map(Value::as_str).map(leak_text).collect();
    let others = values.iter().filter(|value| !value.is_string()).map(|value| {
        canonical(value.to_string().as_bytes())
            .and_then(|form| String::from_utf8(form).ok())
            .map(|form| leak_text(&form))
            .with_context(|| format!("{value} nests too deeply"))
    });
    Ok(Choice { texts: leak(texts), others: leak(others.collect::<Result<_>>()?) })
}
