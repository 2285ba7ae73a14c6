//! Answers before validation.

use serde_json::{Map, Value};

use crate::json::Json;

/// Answers as they were sent, by field id, before validation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawAnswers(Vec<(String, Json)>);

impl RawAnswers {
    /// The answers of a JSON object; `None` for any other value.
    pub fn from_json(json: Json) -> Option<Self> {
        if let Json::Object(members) = json { Some(Self(members)) } else { None }
    }

    /// Every answer with its field id, in the order sent.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, Json)> {
        self.0.iter()
    }

    /// The field ids, as they were sent.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The answer to this field; of two with one name the last counts.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, answer)| answer)
    }
}

impl From<&Map<String, Value>> for RawAnswers {
    fn from(answers: &Map<String, Value>) -> Self {
        Self(answers.iter().map(|(name, answer)| (name.clone(), answer.into())).collect())
    }
}
