//! Scans eight bytes at a time, because reading long texts is where the time goes.

/// Eight times the same byte.
const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the highest bit of each of eight bytes that is not printable ASCII, or is `"` or `\`. Only the lowest set bit
/// is certain: the subtractions may borrow from the bytes above a marked one.
#[inline]
pub(super) fn not_plain(eight: u64) -> u64 {
    // With this bit turned over, `"` is 0x20 and what is below 0x20 stays there: one subtraction finds both.
    let control_or_quote = (eight ^ all(2)).wrapping_sub(all(0x21));
    let backslash = (eight ^ all(b'\\')).wrapping_sub(all(1));
    // Of bytes of 0x7f and more, the sum or the byte itself has the highest bit.
    (control_or_quote | backslash | eight | eight.wrapping_add(all(1))) & all(0x80)
}

/// Marks in the same way each `"`, `\` and control character, where a run of string characters ends.
#[inline]
pub(super) fn ends_run(eight: u64) -> u64 {
    let is = |byte| (eight ^ all(byte)).wrapping_sub(all(1)) & !(eight ^ all(byte));
    (is(b'"') | is(b'\\') | (eight.wrapping_sub(all(b' ')) & !eight)) & all(0x80)
}

/// The number of bytes before the first one that `marks` marks.
#[inline]
#[cfg_attr(gatehouse_small, optimize(speed))]
pub(super) fn count_before(bytes: &[u8], marks: fn(u64) -> u64) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut length = 0_usize;
    for word in words {
        let marked = marks(u64::from_le_bytes(*word));
        if marked != 0 {
            return length.wrapping_add(marked.trailing_zeros() as usize / 8);
        }
        length = length.wrapping_add(8);
    }
    let mut last = [0; 8];
    last.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
    // The padding zeros are marked, so this is at most the length of the tail.
    length.wrapping_add(marks(u64::from_le_bytes(last)).trailing_zeros() as usize / 8)
}

/// Whether two names are equal. Compares eight bytes at a time, because `memcmp` goes byte by byte in wasm.
#[inline]
#[cfg_attr(gatehouse_small, optimize(speed))]
pub(crate) fn bytes_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ((ones, rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let word = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    ones.iter().zip(others).all(|(one, other)| word(one) == word(other))
        && rest.iter().zip(other_rest).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_judged_as_each_of_them_is() {
        for byte in 0..=255_u8 {
            let printable = (0x20..0x7f).contains(&byte) && !b"\"\\".contains(&byte);
            let goes_on = byte >= 0x20 && !b"\"\\".contains(&byte);
            for at in 0..20 {
                let mut text = [b'a'; 20];
                // Marks above the first one may be wrong, so the others after it are bytes that lead astray.
                text.iter_mut().skip(at).for_each(|after| *after = b'!');
                text[at] = byte;
                for marks in
                    [(printable, count_before(&text, not_plain)), (goes_on, count_before(&text, ends_run))]
                {
                    assert_eq!(marks.1, if marks.0 { 20 } else { at }, "{byte:#x} at {at}");
                }
            }
        }
    }

    #[test]
    fn names_are_the_same_only_when_every_byte_is() {
        let name = b"positioningStatement";
        assert!(bytes_equal(name, name) && bytes_equal(b"", b""));
        assert!(!bytes_equal(name, &name[..19]));
        for at in 0..name.len() {
            let mut other = *name;
            other[at] ^= 1;
            assert!(!bytes_equal(name, &other), "{at}");
        }
    }
}
