//! JSON text of what the answers hold, for serde's derived code. `serde_json` would do the same: it can also fail, write
//! to anything and print prettily, and a browser loads all of that.

use std::fmt;

use gatehouse_core::json::{canonical_double, write_text};
use serde::ser::{self, Serialize};

/// The JSON text of a value. Numbers are written as JavaScript writes them.
pub fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Text(String::new());
    let Ok(()) = value.serialize(&mut out);
    out.0
}

/// What goes wrong: nothing, and the compiler knows it, so no derived code looks for an error after each member.
#[derive(Debug)]
enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl ser::Error for Never {
    /// Only a type that refuses to be written asks for it, and no answer has such.
    fn custom<T: fmt::Display>(_: T) -> Self {
        std::process::abort()
    }
}

struct Text(String);

/// A list or an object that was begun.
struct Begun<'a> {
    out: &'a mut Text,
    empty: bool,
    end: &'static str,
}

type Done = Result<(), Never>;

impl Text {
    // What stands once is not inlined: size.
    #[inline(never)]
    fn put(&mut self, text: &str) -> Done {
        self.0.push_str(text);
        Ok(())
    }

    fn begin(&mut self, begin: &str, end: &'static str) -> Begun<'_> {
        let Ok(()) = self.put(begin);
        Begun { out: self, empty: true, end }
    }

    /// An object of one member, whose value follows.
    fn variant(&mut self, name: &str) {
        self.0.push('{');
        write_text(name, &mut self.0);
        self.0.push(':');
    }
}

impl Begun<'_> {
    fn comma(&mut self) {
        if !self.empty {
            self.out.0.push(',');
        }
        self.empty = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Done {
        self.comma();
        item.serialize(&mut *self.out)
    }

    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.comma();
        write_text(name, &mut self.out.0);
        self.out.0.push(':');
    }

    fn finish(self) -> Done {
        self.out.put(self.end)
    }
}

impl<'a> ser::Serializer for &'a mut Text {
    type Ok = ();
    type Error = Never;
    type SerializeSeq = Begun<'a>;
    type SerializeTuple = Begun<'a>;
    type SerializeTupleStruct = Begun<'a>;
    type SerializeTupleVariant = Begun<'a>;
    type SerializeMap = Begun<'a>;
    type SerializeStruct = Begun<'a>;
    type SerializeStructVariant = Begun<'a>;

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

    fn serialize_bytes(self, bytes: &[u8]) -> Done {
        bytes.serialize(self)
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
        variant: &'static str,
        value: &T,
    ) -> Done {
        self.variant(variant);
        let Ok(()) = value.serialize(&mut *self);
        self.put("}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Begun<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Begun<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Begun<'a>, Never> {
        Ok(self.begin("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Begun<'a>, Never> {
        self.variant(variant);
        Ok(self.begin("[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Begun<'a>, Never> {
        Ok(self.begin("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Begun<'a>, Never> {
        Ok(self.begin("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Begun<'a>, Never> {
        self.variant(variant);
        Ok(self.begin("{", "}}"))
    }
}

/// Lists: each trait adds an item by a function of its own name.
macro_rules! lists {
    ($($trait:ident $add:ident),*) => {$(
        impl ser::$trait for Begun<'_> {
            type Ok = ();
            type Error = Never;

            fn $add<T: Serialize + ?Sized>(&mut self, item: &T) -> Done {
                self.item(item)
            }

            fn end(self) -> Done {
                self.finish()
            }
        }
    )*};
}

lists!(
    SerializeSeq serialize_element, SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field
);

/// Objects with names that are known beforehand.
macro_rules! objects {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Begun<'_> {
            type Ok = ();
            type Error = Never;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
                self.name(name);
                value.serialize(&mut *self.out)
            }

            fn end(self) -> Done {
                self.finish()
            }
        }
    )*};
}

objects!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Begun<'_> {
    type Ok = ();
    type Error = Never;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Done {
        self.comma();
        let name = json_text(name);
        // A name is a text, also where it was a number.
        if name.starts_with('"') { self.out.put(&name) } else { name.serialize(&mut *self.out) }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.out.0.push(':');
        value.serialize(&mut *self.out)
    }

    fn end(self) -> Done {
        self.finish()
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
