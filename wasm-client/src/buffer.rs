//! Passes texts between JavaScript and Rust: JavaScript writes the arguments into one buffer here and reads the
//! response from it.
//!
//! A call then passes only lengths. wasm-bindgen's strings would be encoded character by character, allocated and freed
//! for each call, and need glue code for every function.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

/// A buffer larger than this many bytes is freed after the call.
const MAX_KEPT_BYTES: usize = 1_048_576;

thread_local! {
    // Taken out of the cell while it is used: a call that runs out of memory traps and must not leave it borrowed.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The address where this many bytes can be written, or where a response can be read.
#[wasm_bindgen]
pub fn room(bytes: usize) -> usize {
    let mut buffer = BUFFER.take();
    if buffer.len() < bytes {
        // Its content is not needed any more.
        drop(buffer);
        buffer = vec![0; bytes];
    }
    let place = buffer.as_mut_ptr().expose_provenance();
    BUFFER.set(buffer);
    place
}

/// Calls `rule` with the arguments in the buffer, which stand one after the other with these lengths. Returns the
/// length of the response, which can be read at [`room`].
pub fn call(lengths: [usize; 3], rule: &dyn Fn([&[u8]; 3]) -> String) -> usize {
    let mut buffer = BUFFER.take();
    let mut rest = buffer.as_slice();
    let arguments = lengths.map(|length| {
        let (argument, behind) = rest.split_at_checked(length).unwrap_or_default();
        rest = behind;
        argument
    });
    let response = rule(arguments);
    let buffer_is_kept = buffer.len() <= MAX_KEPT_BYTES;
    let length = response.len();
    match buffer.get_mut(..length) {
        Some(place) if buffer_is_kept => place.copy_from_slice(response.as_bytes()),
        _ => buffer = response.into_bytes(),
    }
    BUFFER.set(buffer);
    length
}

/// [`call`] for arguments that are texts. An encoder has written them, so they are UTF-8.
pub fn call_texts(lengths: [usize; 3], rule: &dyn Fn([&str; 3]) -> String) -> usize {
    call(lengths, &|arguments| rule(arguments.map(|argument| str::from_utf8(argument).unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls as JavaScript does and returns the response.
    fn through(written: &[u8], lengths: [usize; 3]) -> String {
        room(written.len());
        let mut buffer = BUFFER.take();
        buffer[..written.len()].copy_from_slice(written);
        BUFFER.set(buffer);
        let length = call_texts(lengths, &|texts| texts.join("|").repeat(100));
        let buffer = BUFFER.take();
        let response = String::from_utf8_lossy(&buffer[..length]).into_owned();
        BUFFER.set(buffer);
        response
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
        // Arguments with impossible lengths are empty, and nothing else is read.
        assert_eq!(call([usize::MAX, 0, 0], &|[one, ..]| one.len().to_string()), 1);
    }

    #[test]
    fn a_large_buffer_is_freed_after_the_call() {
        let written = vec![b'x'; MAX_KEPT_BYTES + 1];
        assert_eq!(through(&written, [1, 2, 0]), "x|xx|".repeat(100));
        assert_eq!(size(), 500);
        room(10);
        assert_eq!(size(), 500, "one that is large enough stays");
    }
}
