//! The current place in the document: a chain of stack values. Pointers and labels are built only for violations.

use super::table::Node;
use crate::json::{pointer_segment, utf8};

/// Names are cut to this many characters in messages, so that a hostile one cannot inflate the response.
pub(super) const MAX_NAME_CHARACTERS: usize = 64;

/// One step on the way down.
#[derive(Clone, Copy)]
pub(super) enum Segment<'p> {
    /// The document itself.
    Root,
    /// A member of an object, by its name in UTF-8.
    Member(&'p [u8]),
    /// A member that belongs to no step, whatever is around it.
    Unknown(&'p [u8]),
    /// An item of an array, from 0.
    Item(usize),
}

/// A place in the document.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    segment: Segment<'p>,
    /// The node that applies here.
    pub node: &'p Node,
    /// The number of levels above it.
    pub depth: usize,
}

impl<'p> Place<'p> {
    /// The document itself.
    pub fn root(node: &'p Node) -> Self {
        Self { parent: None, segment: Segment::Root, node, depth: 0 }
    }

    /// A place just below this one.
    #[inline]
    pub fn at(&'p self, segment: Segment<'p>, node: &'p Node) -> Self {
        Self { parent: Some(self), segment, node, depth: self.depth.wrapping_add(1) }
    }

    /// This place and those around it, from the inside out.
    fn outwards(&self) -> impl Iterator<Item = &Place<'p>> {
        std::iter::successors(Some(self), |place| place.parent)
    }

    /// Its title or name, or for an item the list's.
    pub fn label(&self) -> &str {
        let label = self.outwards().find_map(|place| match place.segment {
            _ if !place.node.label.is_empty() => Some(place.node.label),
            Segment::Member(name) | Segment::Unknown(name) => Some(shorten_name(name)),
            Segment::Item(_) | Segment::Root => None,
        });
        label.unwrap_or("The document")
    }

    /// Whether the label is that of the list around it.
    pub fn is_item(&self) -> bool {
        self.node.label.is_empty() && matches!(self.segment, Segment::Item(_))
    }

    /// The onboarding step, where it belongs to one.
    pub fn step(&self) -> Option<&'static str> {
        for place in self.outwards() {
            if !place.node.step.is_empty() {
                return Some(place.node.step);
            }
            if matches!(place.segment, Segment::Unknown(_)) {
                return None;
            }
        }
        None
    }

    /// The JSON Pointer (RFC 6901) of this place.
    pub fn pointer(&self) -> String {
        let segments: Vec<_> = self.outwards().map(|place| place.segment).collect();
        let mut pointer = String::new();
        for segment in segments.iter().rev() {
            match segment {
                Segment::Root => {}
                Segment::Member(name) | Segment::Unknown(name) => {
                    pointer.push_str(&pointer_segment(shorten_name(name)));
                }
                Segment::Item(number) => pointer.push_str(&format!("/{number}")),
            }
        }
        pointer
    }
}

/// A name, cut to [`MAX_NAME_CHARACTERS`].
pub(super) fn shorten_name(name: &[u8]) -> &str {
    let text = utf8(name);
    let end = text.char_indices().map(|(at, _)| at).nth(MAX_NAME_CHARACTERS).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
