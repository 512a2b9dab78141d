//! What records are written to: a tree, here; the text of a file (`writer.rs`); a check that looks at their texts (`check.rs`).
//!
//! A record tells its elements one after the other. Who only wants the text of a file need not build a tree for it.

use crate::ofx::Element;

/// Takes what a record tells, in the order of the document.
pub(crate) trait Sink {
    /// An aggregate begins.
    fn open(&mut self, tag: &'static str);
    /// An element with a value.
    fn leaf(&mut self, tag: &'static str, value: &str);
    /// The innermost aggregate ends.
    fn close(&mut self);
    /// An element with everything in it.
    fn element(&mut self, element: &Element);
}

impl dyn Sink + '_ {
    /// An aggregate that holds what `inside` tells.
    pub(crate) fn aggregate(&mut self, tag: &'static str, inside: impl FnOnce(&mut Self)) {
        self.open(tag);
        inside(self);
        self.close();
    }
}

/// Makes elements of what is told.
#[derive(Default)]
pub(crate) struct Elements {
    /// Tags of what is open, and where the children of each begin among the finished.
    open: Vec<(&'static str, usize)>,
    finished: Vec<Element>,
}

impl Elements {
    /// What was told, without what is still open.
    pub(crate) fn finish(self) -> Vec<Element> {
        self.finished
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }
}

impl Sink for Elements {
    fn open(&mut self, tag: &'static str) {
        self.open.push((tag, self.finished.len()));
    }

    fn leaf(&mut self, tag: &'static str, value: &str) {
        self.finished.push(Element::leaf(tag, value));
    }

    fn close(&mut self) {
        if let Some((tag, first)) = self.open.pop() {
            let children = self.finished.drain(first..).collect();
            self.finished.push(Element::aggregate(tag, children));
        }
    }

    fn element(&mut self, element: &Element) {
        self.finished.push(element.clone());
    }
}
