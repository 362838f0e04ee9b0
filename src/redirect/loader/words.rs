//! Words that recur, each once, with the number the store gave them.

use std::hash::Hash;

use hashbrown::HashMap;

/// Words in the order they were met. Those without a number are the last ones.
pub struct Words<T> {
    places: HashMap<T, usize>,
    words: Vec<T>,
    numbers: Vec<i64>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            words: Vec::new(),
            numbers: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Words<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The place of these words, old or new.
    pub fn place_of(&mut self, words: T) -> usize {
        if let Some(place) = self.places.get(&words) {
            return *place;
        }
        let place = self.words.len();
        self.places.insert(words.clone(), place);
        self.words.push(words);
        place
    }

    /// Those that have no number yet, in their order.
    pub fn unnumbered(&self) -> &[T] {
        self.words.get(self.numbers.len()..).unwrap_or_default()
    }

    /// Numbers those that had none.
    pub fn number(&mut self, numbers: Vec<i64>) {
        self.numbers.extend(numbers);
    }

    /// The number of the words at a place.
    pub fn number_of(&self, place: i64) -> Option<i64> {
        self.numbers.get(usize::try_from(place).ok()?).copied()
    }

    /// None has a number any more.
    pub fn forget_numbers(&mut self) {
        self.numbers.clear();
    }
}
