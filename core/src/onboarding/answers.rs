//! Answers after normalisation: trimmed, without empties, lists without repeats.

use serde::{Deserialize, Serialize};

use super::{ByField, FIELDS, FieldId};

/// One answer. On the wire a string or an array of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Answer {
    /// Text or a web address.
    Text(String),
    /// A list's items.
    List(Vec<String>),
}

/// New answers to some fields: what each becomes, `None` where the answer was taken back.
pub type Changes = ByField<Option<Answer>>;

/// The answers given so far; what is absent was not answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(ByField<Answer>);

impl Answers {
    /// Sets an answer. An empty answer is ignored.
    pub(super) fn set(&mut self, id: FieldId, answer: Answer) {
        let empty = match &answer {
            Answer::Text(text) => text.is_empty(),
            Answer::List(items) => items.is_empty(),
        };
        if !empty {
            self.0.set(id, answer);
        }
    }

    /// The answer, if there is one.
    pub fn get(&self, id: FieldId) -> Option<&Answer> {
        self.0.get(id)
    }

    /// Every answer, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, &Answer)> {
        self.0.iter()
    }

    /// These answers with the changes applied; a change to `None` removes the answer.
    pub fn with(mut self, changes: &Changes) -> Self {
        for (id, answer) in changes.iter() {
            match answer {
                Some(answer) => self.set(id, answer.clone()),
                None => self.0.remove(id),
            }
        }
        self
    }

    /// Whether the field was answered.
    pub fn has(&self, id: FieldId) -> bool {
        self.0.get(id).is_some()
    }

    /// A text answer; empty when not answered.
    pub fn text(&self, id: FieldId) -> &str {
        match self.0.get(id) {
            Some(Answer::Text(text)) => text,
            _ => "",
        }
    }

    /// A list answer; empty when not answered.
    pub fn list(&self, id: FieldId) -> &[String] {
        match self.0.get(id) {
            Some(Answer::List(items)) => items,
            _ => &[],
        }
    }

    /// The fields without an answer, in the order in which they are asked.
    pub fn missing(&self) -> Vec<FieldId> {
        FIELDS.iter().map(|field| field.id).filter(|id| !self.has(*id)).collect()
    }
}

/// How far the answers have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Progress {
    /// Required questions answered.
    pub answered: usize,
    /// Required questions.
    pub required: usize,
}

/// Counts answered required questions.
pub fn progress(answers: &Answers) -> Progress {
    let required = || FIELDS.iter().filter(|field| field.required);
    Progress {
        answered: required().filter(|field| answers.has(field.id)).count(),
        required: required().count(),
    }
}
