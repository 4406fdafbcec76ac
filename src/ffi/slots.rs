//! Objects stored by number.

/// Stores objects by numbers that JavaScript can hold. A number is never reused: that of a removed object finds
/// nothing.
#[derive(Debug)]
pub struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    /// The number of objects that it has held before.
    serial: u32,
    thing: Option<T>,
}

/// A number holds the slot's index in its lower 32 bits and the serial above: 53 bits, as many as are
/// exact in JavaScript.
const SERIALS: u32 = 1 << 21;

impl<T> Slots<T> {
    /// An empty store.
    pub const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Whether it has never held an object.
    pub fn is_new(&self) -> bool {
        self.slots.is_empty()
    }

    /// Adds an object and returns its number.
    pub fn add(&mut self, thing: T) -> f64 {
        let index = self.free.pop().unwrap_or_else(|| {
            let slot = Slot {
                serial: 0,
                thing: None,
            };
            self.slots.push(slot);
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.thing = Some(thing);
        (u64::from(slot.serial) << 32 | u64::from(index)) as f64
    }

    /// The object of a number.
    pub fn get(&self, number: f64) -> Option<&T> {
        let (index, serial) = parts(number);
        let slot = self.slots.get(index as usize)?;
        slot.thing.as_ref().filter(|_| slot.serial == serial)
    }

    /// Removes the object of a number.
    pub fn take(&mut self, number: f64) -> Option<T> {
        self.get(number)?;
        let (index, _) = parts(number);
        let slot = self.slots.get_mut(index as usize)?;
        slot.serial = (slot.serial + 1) % SERIALS;
        self.free.push(index);
        slot.thing.take()
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self::new()
    }
}

const fn parts(number: f64) -> (u32, u32) {
    let number = number as u64;
    (number as u32, (number >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_by_its_number_until_it_is_taken() {
        let mut slots = Slots::new();
        assert!(slots.is_new());
        let [a, b] = ["a", "b"].map(|thing| slots.add(thing));
        assert_eq!(slots.get(a), Some(&"a"));
        assert_eq!(slots.take(a), Some("a"));
        assert_eq!(slots.take(a), None);
        assert!(!slots.is_new());
        assert_eq!(slots.get(b), Some(&"b"));
    }

    #[test]
    fn a_number_is_not_given_again_when_its_slot_is() {
        let mut slots = Slots::new();
        let mut before = Vec::new();
        for turn in 0..1000 {
            let number = slots.add(turn);
            assert!(before.iter().all(|earlier| *earlier != number));
            assert!(before.iter().all(|earlier| slots.get(*earlier).is_none()));
            slots.take(number);
            before.push(number);
        }
        assert_eq!(slots.slots.len(), 1);
    }

    #[test]
    fn a_number_that_was_never_given_finds_nothing() {
        let mut slots = Slots::new();
        slots.add(());
        for number in [-1.0, 1.0, 4_294_967_296.0, f64::NAN, f64::INFINITY] {
            let known = number == -1.0 || number.is_nan();
            // NaN counts as 0, the first number.
            assert_eq!(slots.get(number).is_some(), known, "{number}");
        }
    }
}
