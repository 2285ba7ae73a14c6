//! A map from field to value. A sorted `Vec`, because `BTreeMap`'s code would outweigh the gate in the browser bundle.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FieldId;

/// At most one value for each question, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByField<T>(Vec<(FieldId, T)>);

impl<T> ByField<T> {
    /// Sets a value; an earlier one is replaced.
    pub fn set(&mut self, id: FieldId, value: T) {
        match self.place(id) {
            Ok(at) => {
                if let Some(kept) = self.0.get_mut(at) {
                    kept.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (id, value)),
        }
    }

    /// Removes a value.
    pub fn remove(&mut self, id: FieldId) {
        self.0.retain(|(known, _)| *known != id);
    }

    /// The value, if there is one.
    pub fn get(&self, id: FieldId) -> Option<&T> {
        self.0.get(self.place(id).ok()?).map(|(_, value)| value)
    }

    /// Every value with its field, in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, &T)> {
        self.0.iter().map(|(id, value)| (*id, value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, id: FieldId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(known, _)| *known)
    }
}

impl<T> Default for ByField<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(FieldId, T)> for ByField<T> {
    fn from_iter<I: IntoIterator<Item = (FieldId, T)>>(values: I) -> Self {
        let mut all = Self::default();
        values.into_iter().for_each(|(id, value)| all.set(id, value));
        all
    }
}

impl<T: Serialize> Serialize for ByField<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByField<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_order_of_the_questions_and_each_once() {
        let mut all = ByField::default();
        all.set(FieldId::BrandTone, 1);
        all.set(FieldId::CompanyName, 2);
        all.set(FieldId::BrandTone, 3);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"{"company_name":2,"brand_tone":3}"#);
        assert_eq!(serde_json::from_str::<ByField<i32>>(&text).unwrap(), all);
        all.remove(FieldId::BrandTone);
        assert_eq!((all.get(FieldId::CompanyName), all.get(FieldId::BrandTone)), (Some(&2), None));
    }
}
