//! Where a walk stands: a chain on the stack, from which a pointer is made only when something is wrong.

use super::table::Node;

/// A name longer than this many characters is cut where it is told, so that a hostile one cannot swell the answer.
pub(super) const LONGEST_NAME: usize = 64;

/// One step on the way down.
#[derive(Clone, Copy)]
pub(super) enum Segment<'p> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'p str),
    /// An item of an array, from 0.
    Item(usize),
}

/// A place in the document.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    segment: Segment<'p>,
    /// What a person calls it: its own title or name, or for an item its list's.
    pub label: &'p str,
    /// Whether the label is that of a list around it.
    pub is_item: bool,
    /// The onboarding step, or empty.
    pub step: &'static str,
    /// How many levels are above it.
    pub depth: usize,
}

impl<'p> Place<'p> {
    /// The document itself.
    pub fn root() -> Self {
        Self {
            parent: None,
            segment: Segment::Root,
            label: "The document",
            is_item: false,
            step: "",
            depth: 0,
        }
    }

    /// A place just below this one.
    pub fn at(&'p self, segment: Segment<'p>) -> Self {
        let (label, is_item) = match segment {
            Segment::Member(name) => (cut(name), false),
            _ => (self.label, true),
        };
        Self { parent: Some(self), segment, label, is_item, step: self.step, depth: self.depth + 1 }
    }

    /// This place with what its node says about it.
    pub fn called(&self, node: &Node) -> Self {
        let mut place = *self;
        if !node.label.is_empty() {
            place.label = node.label;
            place.is_item = false;
        }
        if !node.step.is_empty() {
            place.step = node.step;
        }
        place
    }

    /// This place for something that belongs to no step, whatever is around it.
    pub fn without_step(&self) -> Self {
        Self { step: "", ..*self }
    }

    /// The JSON Pointer (RFC 6901) of this place.
    pub fn pointer(&self) -> String {
        let mut segments = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            segments.push(here.segment);
            place = here.parent;
        }
        let mut pointer = String::new();
        for segment in segments.iter().rev() {
            match segment {
                Segment::Root => {}
                Segment::Member(name) => {
                    pointer.push('/');
                    pointer.push_str(&cut(name).replace('~', "~0").replace('/', "~1"));
                }
                Segment::Item(number) => pointer.push_str(&format!("/{number}")),
            }
        }
        pointer
    }
}

/// The beginning of a name.
pub(super) fn cut(name: &str) -> &str {
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let end = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name)
}
