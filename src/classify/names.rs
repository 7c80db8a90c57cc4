//! Many short names in one piece of memory: thousands of allocations would be a good part of the time that reading a table
//! takes.

/// Names by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each name ends in the text; it begins where the one before it ends.
    ends: Vec<usize>,
}

impl Names {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name of that number.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn get(&self, number: usize) -> &str {
        let begin = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin..self.ends[number]]
    }

    /// All names, by rising number.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.get(number))
    }
}

impl<'t> FromIterator<&'t str> for Names {
    fn from_iter<I: IntoIterator<Item = &'t str>>(names: I) -> Self {
        let mut found = Self::default();
        for name in names {
            found.text.push_str(name);
            found.ends.push(found.text.len());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_come_back_by_number() {
        let all = ["unknown", "", "ssh", "näme"];
        let names: Names = all.into_iter().collect();
        assert!(names.iter().eq(all));
        assert_eq!((names.len(), names.get(0), names.get(1), names.get(3)), (4, "unknown", "", "näme"));
    }
}
