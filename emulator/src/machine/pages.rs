//! Pages of SRAM that checkpoints share: what two moments or two PEs have in common is kept once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;

use super::sram::{PAGE_BYTES, PAGE_WORDS, PAGES};

/// 1 KiB of SRAM.
type Page = [u32; PAGE_WORDS];

/// Page that was never written.
static ZEROS: LazyLock<Arc<Page>> = LazyLock::new(|| Arc::new([0; PAGE_WORDS]));

/// An SRAM's content, page by page.
#[derive(Clone)]
pub struct Pages {
    pages: Arc<[Arc<Page>]>,
    /// Bits of the pages written since the checkpoint before, at least.
    pub(super) written: u128,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pages({})", self.pages.len())
    }
}

impl Default for Pages {
    /// Creates pages of zeros, all shared.
    fn default() -> Self {
        Self { pages: (0..PAGES).map(|_| Arc::clone(&ZEROS)).collect(), written: 0 }
    }
}

impl Pages {
    /// Returns the words of a page, 0..[`PAGES`].
    pub fn page(&self, page: usize) -> &[u32; PAGE_WORDS] {
        &self.pages[page]
    }

    /// Replaces the content of a page.
    pub(super) fn set(&mut self, page: usize, content: Arc<Page>) {
        Arc::make_mut(&mut self.pages)[page] = content;
    }

    /// Returns `true` if both hold a page in the same memory, not only with equal content.
    pub(super) fn shares(&self, other: &Self, page: usize) -> bool {
        Arc::ptr_eq(&self.pages[page], &other.pages[page])
    }
}

/// Every page that a checkpoint holds, once.
#[derive(Debug, Default)]
pub struct PageStore {
    /// Stored pages by the hash of their content. Only looked up, never walked through for a
    /// result: the order of the map decides nothing.
    pages: HashMap<u64, Vec<Arc<Page>>, FixedState>,
    count: usize,
}

impl PageStore {
    /// Returns the stored page with this content and hash, after adding it if there is none.
    pub(super) fn share(&mut self, hash: u64, words: &[u32]) -> Arc<Page> {
        let same = self.pages.entry(hash).or_default();
        if let Some(page) = same.iter().find(|page| page[..] == *words) {
            return Arc::clone(page);
        }
        let mut page = [0; PAGE_WORDS];
        page.copy_from_slice(words);
        let page = Arc::new(page);
        same.push(Arc::clone(&page));
        self.count += 1;
        page
    }

    /// Frees pages that no checkpoint references.
    pub fn forget_unused(&mut self) {
        self.pages.retain(|_, same| {
            same.retain(|page| Arc::strong_count(page) > 1);
            !same.is_empty()
        });
        self.count = self.pages.values().map(Vec::len).sum();
    }

    /// Returns the number of different pages.
    pub fn pages(&self) -> usize {
        self.count
    }

    /// Returns the bytes of the different pages.
    pub fn bytes(&self) -> usize {
        self.count * PAGE_BYTES
    }
}
