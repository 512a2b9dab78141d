//! How much of a document is read before it is refused.

/// Bounds on a document that is read; the defaults hold anything an institution sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) bytes: usize,
    pub(crate) depth: usize,
    pub(crate) elements: usize,
}

impl Limits {
    /// 16 MiB, 32 levels, 2 million elements.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: 16 * 1024 * 1024, depth: 32, elements: 2_000_000 }
    }

    /// Largest document in bytes.
    #[must_use]
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Deepest nesting of tags; more than 256 is taken as 256, so that no document can exhaust the stack.
    #[must_use]
    pub const fn depth(mut self, levels: usize) -> Self {
        self.depth = if levels > 256 { 256 } else { levels };
        self
    }

    /// Most elements in one document.
    #[must_use]
    pub const fn elements(mut self, elements: usize) -> Self {
        self.elements = elements;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
