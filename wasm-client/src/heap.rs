//! The memory of a module in a browser: blocks of powers of two, and for each size a list of those that are free.
//!
//! The standard allocator also joins free neighbours, for which a page would load 2 KB gzip more. Here a block keeps its
//! size for good; what a call takes it gives back at its end, so that the next call finds the sizes that it needs.

#![expect(unsafe_code, reason = "whoever hands out memory works with addresses")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::null_mut;

/// The smallest block has 2^4 bytes; no type here needs to stand at a multiple of more.
const SMALLEST: u32 = 4;
/// Bytes of a page of WebAssembly.
const PAGE: usize = 65_536;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static HEAP: Heap = Heap::new(|pages| {
    let first = core::arch::wasm32::memory_grow::<0>(pages);
    if first == usize::MAX { null_mut() } else { (first * PAGE) as *mut u8 }
});

struct Heap {
    /// Adds so many pages and answers where they begin; null where there are no more.
    grow: fn(usize) -> *mut u8,
    /// For each power of two the first free block, in which the address of the next one stands.
    free: [Cell<*mut u8>; usize::BITS as usize],
    /// What was never given away: where it begins, and its bytes.
    rest: Cell<(*mut u8, usize)>,
}

// SAFETY: a module has one thread, and its memory is shared with no other.
unsafe impl Sync for Heap {}

impl Heap {
    const fn new(grow: fn(usize) -> *mut u8) -> Self {
        let free = [const { Cell::new(null_mut()) }; usize::BITS as usize];
        Self { grow, free, rest: Cell::new((null_mut(), 0)) }
    }

    /// A block of a size that has none free.
    fn take(&self, size: usize) -> *mut u8 {
        let (mut block, mut bytes) = self.rest.get();
        if bytes < size {
            let pages = size.div_ceil(PAGE);
            // What is left of the last pages is smaller than this block and is given up.
            (block, bytes) = ((self.grow)(pages), pages * PAGE);
            if block.is_null() {
                return block;
            }
        }
        self.rest.set((block.wrapping_add(size), bytes - size));
        block
    }
}

/// The power of two of the block that something needs.
fn power(layout: Layout) -> u32 {
    layout.size().next_power_of_two().trailing_zeros().max(SMALLEST)
}

// SAFETY: a block is in use or in the one list of its size, never both, and has at least the bytes that were asked for.
// Blocks begin at multiples of 16: pages do, and sizes are such. `dealloc` is given the layout of `alloc`, so it finds the
// same list.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let power = power(layout);
        let Some(list) = self.free.get(power as usize) else { return null_mut() };
        let block = list.get();
        if block.is_null() {
            return self.take(1 << power);
        }
        // SAFETY: `dealloc` wrote the address of the next block there.
        list.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(list) = self.free.get(power(layout) as usize) else { return };
        // SAFETY: nobody uses the block any more, and it has room for an address.
        unsafe { block.cast::<*mut u8>().write(list.get()) };
        list.set(block);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's new size is one that a layout can have.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if power(wanted) == power(layout) {
            return block;
        }
        // SAFETY: both blocks have at least the bytes that are copied, and do not overlap, since both are in use.
        unsafe {
            let other = self.alloc(wanted);
            if !other.is_null() {
                other.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages for a test, which are never given back.
    fn pages(pages: usize) -> *mut u8 {
        let layout = Layout::from_size_align(pages * PAGE, PAGE);
        // SAFETY: there is at least one page.
        layout.map_or(null_mut(), |layout| unsafe { std::alloc::alloc(layout) })
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap_or(Layout::new::<u64>())
    }

    #[test]
    fn blocks_in_use_never_meet_and_keep_what_is_written() {
        let heap = Heap::new(pages);
        let mut held: Vec<(*mut u8, usize, u8)> = Vec::new();
        let mut dice = 7_usize;
        for step in 0..20_000_usize {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (size, mark) = (1 + (dice >> 33) % [9, 70, 700, 200_000][step % 4], step as u8);
            // SAFETY: every block is used within its size, and given back once with its own layout.
            unsafe {
                let block = match step % 3 {
                    0 if held.len() > 50 => {
                        let (block, old, was) = held.swap_remove(dice % held.len());
                        let block = heap.realloc(block, layout(old), size);
                        assert!((0..old.min(size)).all(|at| block.add(at).read() == was));
                        block
                    }
                    1 if held.len() > 50 => {
                        let (block, old, was) = held.swap_remove(dice % held.len());
                        assert!((0..old).all(|at| block.add(at).read() == was));
                        heap.dealloc(block, layout(old));
                        continue;
                    }
                    _ => heap.alloc(layout(size)),
                };
                assert!((block as usize).is_multiple_of(16) && !block.is_null());
                block.write_bytes(mark, size);
                held.push((block, size, mark));
            }
        }
    }

    #[test]
    fn what_was_given_back_is_given_away_again() {
        let heap = Heap::new(pages);
        // SAFETY: the blocks are not written to.
        unsafe {
            let (one, other) = (heap.alloc(layout(100)), heap.alloc(layout(100)));
            heap.dealloc(one, layout(100));
            assert!(one != other && heap.alloc(layout(128)) == one);
            assert_eq!(heap.realloc(other, layout(100), 65), other, "it fits already");
        }
    }

    #[test]
    fn where_there_is_no_memory_there_is_no_block() {
        let heap = Heap::new(|_| null_mut());
        // SAFETY: nothing is used.
        assert!(unsafe { heap.alloc(layout(1)) }.is_null());
    }
}
