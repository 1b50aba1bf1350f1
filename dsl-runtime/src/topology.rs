//! Who computes and who deals.

/// How the endpoints of a computation share the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// The parties compute, and a dealer that takes no other part hands out randomness.
    #[default]
    Dealer,
    /// Three parties and nobody else: in each slice of a batch one of them deals and the two others compute. No two of them may work together.
    ThirdDeals,
}

impl Topology {
    /// What configurations call it.
    pub fn name(self) -> &'static str {
        match self {
            Topology::Dealer => "dealer",
            Topology::ThirdDeals => "third-deals",
        }
    }

    /// The topology of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Topology::Dealer, Topology::ThirdDeals].into_iter().find(|topology| topology.name() == name)
    }
}

impl core::fmt::Display for Topology {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}
