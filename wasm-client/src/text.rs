//! JSON text of what the answers hold, for serde's derived code. `serde_json` would do the same: it can also fail, write
//! to anything and print prettily, and a browser loads all of that.

use std::fmt;

use gatehouse_core::json::{canonical_double, write_text};
use serde::ser::{self, Serialize};

/// The JSON text of a value. Numbers are written as JavaScript writes them.
pub fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Text(String::new());
    // It fails on nothing but keys that are no texts, which no answer has.
    let _ = value.serialize(&mut out);
    out.0
}

struct Text(String);

/// A list or an object that was begun.
struct Begun<'a> {
    out: &'a mut Text,
    empty: bool,
    end: char,
}

type Done = Result<(), fmt::Error>;

impl Text {
    fn put(&mut self, text: &str) -> Done {
        self.0.push_str(text);
        Ok(())
    }

    fn begin(&mut self, begin: char, end: char) -> Begun<'_> {
        self.0.push(begin);
        Begun { out: self, empty: true, end }
    }
}

impl Begun<'_> {
    fn comma(&mut self) {
        if !self.empty {
            self.out.0.push(',');
        }
        self.empty = false;
    }

    fn name(&mut self, name: &str) {
        self.comma();
        write_text(name, &mut self.out.0);
        self.out.0.push(':');
    }

    fn finish(self) -> Done {
        self.out.0.push(self.end);
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Text {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Begun<'a>;
    type SerializeTuple = Begun<'a>;
    type SerializeTupleStruct = ser::Impossible<(), fmt::Error>;
    type SerializeTupleVariant = ser::Impossible<(), fmt::Error>;
    type SerializeMap = Begun<'a>;
    type SerializeStruct = Begun<'a>;
    type SerializeStructVariant = ser::Impossible<(), fmt::Error>;

    fn serialize_bool(self, is: bool) -> Done {
        self.put(if is { "true" } else { "false" })
    }

    fn serialize_i8(self, number: i8) -> Done {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Done {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Done {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> Done {
        self.put(&number.to_string())
    }

    fn serialize_u8(self, number: u8) -> Done {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Done {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Done {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Done {
        self.put(&number.to_string())
    }

    fn serialize_f32(self, number: f32) -> Done {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Done {
        self.put(&canonical_double(number))
    }

    fn serialize_char(self, letter: char) -> Done {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Done {
        write_text(text, &mut self.0);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Done {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.put("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Begun<'a>, fmt::Error> {
        Ok(self.begin('[', ']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Begun<'a>, fmt::Error> {
        Ok(self.begin('[', ']'))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Begun<'a>, fmt::Error> {
        Ok(self.begin('{', '}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Begun<'a>, fmt::Error> {
        Ok(self.begin('{', '}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}

impl ser::SerializeSeq for Begun<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Done {
        self.comma();
        item.serialize(&mut *self.out)
    }

    fn end(self) -> Done {
        self.finish()
    }
}

impl ser::SerializeTuple for Begun<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Done {
        ser::SerializeSeq::serialize_element(self, item)
    }

    fn end(self) -> Done {
        self.finish()
    }
}

impl ser::SerializeMap for Begun<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Done {
        self.comma();
        name.serialize(&mut *self.out)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.out.put(":")?;
        value.serialize(&mut *self.out)
    }

    fn end(self) -> Done {
        self.finish()
    }
}

impl ser::SerializeStruct for Begun<'_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.name(name);
        value.serialize(&mut *self.out)
    }

    fn end(self) -> Done {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(serde::Serialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        Plain,
        Full { word: Option<char>, pair: (u8, i64) },
    }

    #[test]
    fn it_is_what_serde_json_writes() {
        let all = json!({
            "": [null, true, false, -1, 0, 18_446_744_073_709_551_615_u64, 1.5, [], {}],
            "चाय \"\\/\u{1}\n": {"a": "\u{7f}\u{2028}"},
        });
        assert_eq!(json_text(&all), all.to_string());
        let tagged = [
            Tagged::Plain,
            Tagged::Full { word: Some('é'), pair: (1, -2) },
            Tagged::Full { word: None, pair: (0, 0) },
        ];
        assert_eq!(json_text(&tagged), serde_json::to_string(&tagged).unwrap_or_default());
    }

    #[test]
    fn numbers_are_those_of_javascript() {
        assert_eq!(json_text(&[1.0, 1e21, 0.1, f64::NAN]), "[1,1e+21,0.1,null]");
        let read: Value = serde_json::from_str(&json_text(&[1.0, 1e21])).unwrap_or_default();
        assert_eq!(read, json!([1, 1e21]));
    }
}
