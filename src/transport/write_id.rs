//! Write ids: a server with the feature `write-id` carries a write out once, however often its request
//! arrives (`docs/protocol.md`, rule 20).

use std::cell::RefCell;

use base64::alphabet::URL_SAFE;

use crate::ffi;

/// For how long a write may be sent again, in milliseconds: a server remembers an id for 2 minutes.
pub(super) const WRITE_ID_LIFETIME_MS: f64 = 100_000.0;

/// The characters of an id.
const LENGTH: usize = 22;

thread_local! {
    /// Random bytes that are not used yet: the platform is asked for those of many ids at once.
    static RANDOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// An id: 128 random bits in base64url. None where the platform has no random numbers.
///
/// Each character takes 6 bits of a byte, the last one 2. Beside that only the alphabet of the base64 crate is
/// needed: its engines would take 1 KB.
pub(super) fn new_write_id() -> Option<String> {
    let mut random = RANDOM.take();
    if random.is_empty() {
        random.resize(64 * LENGTH, 0);
        ffi::get_random_values(&mut random).ok()?;
    }
    let mut id = String::new();
    let symbols = URL_SAFE.as_str().as_bytes();
    for (at, byte) in random.drain(..LENGTH).enumerate() {
        let bits = if at + 1 < LENGTH {
            0b11_1111
        } else {
            0b11_0000
        };
        id.push(char::from(symbols[usize::from(byte & bits)]));
    }
    RANDOM.set(random);
    Some(id)
}
