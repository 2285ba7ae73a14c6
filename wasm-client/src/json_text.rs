//! Writes JSON text for serde's derived code. `serde_json` could do it too, but its error handling, generic writers and
//! pretty printing would be in the browser bundle.

use std::fmt;

use gatehouse_core::json::{canonical_double, write_text};
use serde::ser::{self, Serialize};

/// The JSON text of a value. Numbers are written as JavaScript writes them.
pub fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = JsonWriter(String::new());
    let Ok(()) = value.serialize(&mut out);
    out.0
}

/// The error type. It has no values, so the compiler removes the error checks after each member from derived code.
#[derive(Debug)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    /// Only a type that refuses to be serialised calls it, and no response has such a type.
    fn custom<T: fmt::Display>(_: T) -> Self {
        std::process::abort()
    }
}

struct JsonWriter(String);

/// A list or an object that is being written.
struct Container<'a> {
    out: &'a mut JsonWriter,
    empty: bool,
    end: &'static str,
}

type WriteResult = Result<(), Never>;

impl JsonWriter {
    // Not inlined, for size.
    #[inline(never)]
    fn push(&mut self, text: &str) -> WriteResult {
        self.0.push_str(text);
        Ok(())
    }

    fn begin(&mut self, begin: &str, end: &'static str) -> Container<'_> {
        let Ok(()) = self.push(begin);
        Container { out: self, empty: true, end }
    }

    /// Begins an object of one member, whose value follows.
    fn variant(&mut self, name: &str) {
        self.0.push('{');
        write_text(name, &mut self.0);
        self.0.push(':');
    }
}

impl Container<'_> {
    fn comma(&mut self) {
        if !self.empty {
            self.out.0.push(',');
        }
        self.empty = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> WriteResult {
        self.comma();
        item.serialize(&mut *self.out)
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.comma();
        write_text(name, &mut self.out.0);
        self.out.0.push(':');
    }

    fn finish(self) -> WriteResult {
        self.out.push(self.end)
    }
}

impl<'a> ser::Serializer for &'a mut JsonWriter {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Container<'a>;
    type SerializeTuple = Container<'a>;
    type SerializeTupleStruct = Container<'a>;
    type SerializeTupleVariant = Container<'a>;
    type SerializeMap = Container<'a>;
    type SerializeStruct = Container<'a>;
    type SerializeStructVariant = Container<'a>;

    fn serialize_bool(self, is: bool) -> WriteResult {
        self.push(if is { "true" } else { "false" })
    }

    fn serialize_i8(self, number: i8) -> WriteResult {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> WriteResult {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> WriteResult {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> WriteResult {
        self.push(&number.to_string())
    }

    fn serialize_u8(self, number: u8) -> WriteResult {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> WriteResult {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> WriteResult {
        self.serialize_u64(number.into())
    }

    fn serialize_u64(self, number: u64) -> WriteResult {
        self.push(&number.to_string())
    }

    fn serialize_f32(self, number: f32) -> WriteResult {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> WriteResult {
        self.push(&canonical_double(number))
    }

    fn serialize_char(self, letter: char) -> WriteResult {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> WriteResult {
        write_text(text, &mut self.0);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> WriteResult {
        bytes.serialize(self)
    }

    fn serialize_none(self) -> WriteResult {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> WriteResult {
        value.serialize(self)
    }

    fn serialize_unit(self) -> WriteResult {
        self.push("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> WriteResult {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> WriteResult {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> WriteResult {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> WriteResult {
        self.variant(variant);
        let Ok(()) = value.serialize(&mut *self);
        self.push("}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Container<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Container<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Container<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>, Never> {
        self.variant(variant);
        Ok(self.begin("[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Container<'a>, Never> {
        Ok(self.begin("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Container<'a>, Never> {
        Ok(self.begin("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>, Never> {
        self.variant(variant);
        Ok(self.begin("{", "}}"))
    }
}

/// Lists: each trait names the function that adds an item differently.
macro_rules! lists {
    ($($trait:ident $add:ident),*) => {$(
        impl ser::$trait for Container<'_> {
            type Ok = ();
            type Error = Never;

            fn $add<T: Serialize + ?Sized>(&mut self, item: &T) -> WriteResult {
                self.item(item)
            }

            fn end(self) -> WriteResult {
                self.finish()
            }
        }
    )*};
}

lists!(
    SerializeSeq serialize_element, SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field
);

/// Objects with member names that are known at compile time.
macro_rules! objects {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Container<'_> {
            type Ok = ();
            type Error = Never;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> WriteResult {
                self.name(name);
                value.serialize(&mut *self.out)
            }

            fn end(self) -> WriteResult {
                self.finish()
            }
        }
    )*};
}

objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Container<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> WriteResult {
        self.comma();
        let name = json_text(name);
        // A name is a text, even if the key is a number.
        if name.starts_with('"') { self.out.push(&name) } else { name.serialize(&mut *self.out) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> WriteResult {
        self.out.0.push(':');
        value.serialize(&mut *self.out)
    }

    fn end(self) -> WriteResult {
        self.finish()
    }
}

#[cfg(test)]
#[path = "json_text_tests.rs"]
mod tests;
