//! Serde support for [`Json`], for the Worker's responses.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Json;
use super::double::{canonical_double, double};

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is) => serializer.serialize_bool(*is),
            Self::Number(text) => {
                let (negative, digits) = text.strip_prefix('-').map_or((false, &**text), |rest| (true, rest));
                let whole = parse_u64(digits);
                match (negative, whole, whole.and_then(|whole| 0_i64.checked_sub_unsigned(whole))) {
                    (false, Some(number), _) => serializer.serialize_u64(number),
                    (true, _, Some(number)) => serializer.serialize_i64(number),
                    // A number too large for a double is written as `null`.
                    _ => double(text).unwrap_or(f64::NAN).serialize(serializer),
                }
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

/// Parses digits. Unlike `str::parse` it needs no 128-bit multiplication, for which wasm has no instruction.
fn parse_u64(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |number, byte| {
        let digit = u64::from(byte.is_ascii_digit().then(|| byte - b'0')?);
        (number <= (u64::MAX - digit) / 10).then(|| number * 10 + digit)
    })
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Json, E> {
        Ok(Json::Bool(is))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(canonical_double(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn serde_reads_and_writes_the_same_value() {
        for text in [
            "null",
            r#"[true,false,-7,18446744073709551615,18446744073709551616,1.5,1e300,-0.25]"#,
            "[0,9223372036854775808,-9223372036854775808,-9223372036854775809,10000000000000000000000]",
            r#"{"z":"चाय \"\\\n","a":{"":[]},"b":[{}]}"#,
        ] {
            let json: Json = serde_json::from_str(text).unwrap();
            assert_eq!(json, Json::read(text).unwrap());
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&json).unwrap(), value.to_string());
            assert_eq!(serde_json::to_string(&Json::read(text).unwrap()).unwrap(), value.to_string());
        }
        assert_eq!(serde_json::to_string(&Json::Number("1e400".to_owned())).unwrap(), "null");
    }
}
