//! How texts cross: JavaScript writes them into one buffer of ours, and reads the answer there.
//!
//! A call then passes nothing but lengths. wasm-bindgen's own strings would go letter by letter first, be allocated and
//! freed for each call, and bring glue for every function.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

/// A buffer larger than this many bytes is given back after the call.
const KEPT: usize = 1_048_576;

thread_local! {
    // Taken out while it is used: a call that runs out of memory traps, and must leave nothing behind that is in use.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Where so many bytes can be written, or read after a call.
#[wasm_bindgen]
pub fn room(bytes: usize) -> usize {
    let mut buffer = BUFFER.take();
    if buffer.len() < bytes {
        // Nothing in it is worth copying.
        drop(buffer);
        buffer = vec![0; bytes];
    }
    let place = buffer.as_mut_ptr().expose_provenance();
    BUFFER.set(buffer);
    place
}

/// Calls a rule with what was written: the bytes of each argument in turn, of these lengths, the rest of them empty.
/// Answers the length of the answer, which can be read at [`room`].
pub fn call(lengths: [usize; 3], rule: &dyn Fn([&[u8]; 3]) -> String) -> usize {
    let mut buffer = BUFFER.take();
    let mut rest = buffer.as_slice();
    let arguments = lengths.map(|length| {
        let (argument, behind) = rest.split_at_checked(length).unwrap_or_default();
        rest = behind;
        argument
    });
    let answer = rule(arguments);
    let buffer_is_kept = buffer.len() <= KEPT;
    let length = answer.len();
    match buffer.get_mut(..length) {
        Some(place) if buffer_is_kept => place.copy_from_slice(answer.as_bytes()),
        _ => buffer = answer.into_bytes(),
    }
    BUFFER.set(buffer);
    length
}

/// The same for a rule of texts. An encoder has written them, so they are UTF-8.
pub fn call_texts(lengths: [usize; 3], rule: &dyn Fn([&str; 3]) -> String) -> usize {
    call(lengths, &|arguments| rule(arguments.map(|argument| str::from_utf8(argument).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes as JavaScript does and reads the answer.
    fn through(written: &[u8], lengths: [usize; 3]) -> String {
        room(written.len());
        let mut buffer = BUFFER.take();
        buffer[..written.len()].copy_from_slice(written);
        BUFFER.set(buffer);
        let length = call_texts(lengths, &|texts| texts.join("|").repeat(100));
        let buffer = BUFFER.take();
        let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
        BUFFER.set(buffer);
        answer
    }

    fn size() -> usize {
        let buffer = BUFFER.take();
        let size = buffer.len();
        BUFFER.set(buffer);
        size
    }

    #[test]
    fn arguments_stand_one_after_the_other_and_the_answer_in_their_place() {
        assert_eq!(through("चायtea".as_bytes(), [9, 3, 0]), "चाय|tea|".repeat(100));
        assert_eq!(through(b"abc", [1, 0, 2]), "a||bc".repeat(100));
        // Lengths that cannot be are no arguments, and nothing else is read.
        assert_eq!(call([usize::MAX, 0, 0], &|[one, ..]| one.len().to_string()), 1);
    }

    #[test]
    fn a_large_buffer_is_given_back_after_the_call() {
        let written = vec![b'x'; KEPT + 1];
        assert_eq!(through(&written, [1, 2, 0]), "x|xx|".repeat(100));
        assert_eq!(size(), 500);
        room(10);
        assert_eq!(size(), 500, "one that is large enough stays");
    }
}
