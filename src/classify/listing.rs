//! What the port table says of a port.

use crate::net::Transport;

/// A service name of one [`PortTable`](super::PortTable).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u16);

impl ServiceId {
    /// The service `unknown`.
    pub const UNKNOWN: Self = Self(0);
}

/// A category of one [`PortTable`](super::PortTable).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(pub u8);

impl CategoryId {
    /// The category `unknown`.
    pub const UNKNOWN: Self = Self(0);
}

/// A group of services with one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The name, such as `database`.
    pub id: Box<str>,
    /// The family of categories that it belongs to, such as `data`.
    pub family: Box<str>,
    /// What it holds, in a line.
    pub description: Box<str>,
}

/// What a row of the table wants to be for its ports. The order is that of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The name that a rule of the user gives the port.
    Rule,
    /// The name that the port gets.
    Primary,
    /// Another name in use.
    Alternate,
    /// A name of IANA's registry that nobody looked at; several of one port keep the registry's order.
    Registry,
    /// A use of a wide range, where a single port tells nothing: shown on request, never evidence, never a name.
    Candidate,
}

impl Rank {
    /// All ranks.
    pub const ALL: [Self; 5] = [Self::Rule, Self::Primary, Self::Alternate, Self::Registry, Self::Candidate];

    /// `rule`, `primary`, `alternate`, `registry` or `candidate`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Primary => "primary",
            Self::Alternate => "alternate",
            Self::Registry => "registry",
            Self::Candidate => "candidate",
        }
    }

    /// The rank of a name as [`Rank::name`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rank| rank.name() == name)
    }
}

/// Where the table has a row from. The order is that of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The user's rules.
    User,
    /// IANA's registry has that name.
    Iana,
    /// Common use.
    Common,
    /// The article on port numbers that the project began with.
    Article,
}

impl Origin {
    /// All origins.
    pub const ALL: [Self; 4] = [Self::User, Self::Iana, Self::Common, Self::Article];

    /// `user`, `iana`, `common` or `article`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Iana => "iana",
            Self::Common => "common",
            Self::Article => "article",
        }
    }

    /// The origin of a name as [`Origin::name`] gives it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.name() == name)
    }
}

/// One row of the table, for one transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listing {
    /// The transport.
    pub transport: Transport,
    /// The first port.
    pub first: u16,
    /// The last port, at least `first`.
    pub last: u16,
    /// The name.
    pub service: ServiceId,
    /// The category of that name on these ports; the same name may stand in others elsewhere.
    pub category: CategoryId,
    /// What the row wants to be.
    pub rank: Rank,
    /// Where it comes from.
    pub origin: Origin,
}

/// The verdict of all rows of one port: its name, and how well it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The name; [`ServiceId::UNKNOWN`] if the port is unlisted.
    pub service: ServiceId,
    /// The category of that name on this port.
    pub category: CategoryId,
    /// How well the table knows the port.
    pub standing: Standing,
}

/// How well the table knows a port, from least to best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Standing {
    /// No row, or only candidates.
    #[default]
    Unlisted,
    /// Only alternates of the article.
    Article,
    /// A name of IANA's registry, and at most alternates of the article.
    Registry,
    /// Curated alternates, and no name of IANA's.
    Alternate,
    /// Curated alternates beside IANA's name, which is the port's.
    RegistryAndAlternate,
    /// A curated primary name that is not IANA's.
    CommonPrimary,
    /// A curated primary name that IANA has too.
    IanaPrimary,
    /// A rule of the user for so many ports that one of them says little about the side.
    WideRule,
    /// A rule of the user.
    Rule,
}

impl Standing {
    /// What it is worth as evidence that the port is the service's, in hundredths.
    pub const fn points(self) -> i32 {
        match self {
            Self::Unlisted | Self::WideRule => 0,
            Self::Article => 50,
            Self::Registry => 100,
            Self::Alternate | Self::RegistryAndAlternate => 150,
            Self::CommonPrimary | Self::IanaPrimary => 400,
            Self::Rule => 600,
        }
    }

    /// How far the name is to be trusted once the side is sure, in permille: as often as payload inspection agreed with it
    /// (docs/accuracy.md), where it had enough to say. An alternate is put between a common primary name and one that only
    /// the registry has.
    pub const fn trust(self) -> u16 {
        match self {
            Self::Unlisted => 0,
            Self::Article => 100,
            Self::Registry | Self::RegistryAndAlternate => 150,
            Self::Alternate => 400,
            Self::CommonPrimary => 750,
            Self::IanaPrimary => 950,
            Self::WideRule | Self::Rule => 990,
        }
    }

    /// In words, as reasons use them.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Unlisted => "not in the table",
            Self::Article => "an alternate of the article alone",
            Self::Registry => "IANA's name alone",
            Self::Alternate => "an alternate of common use",
            Self::RegistryAndAlternate => "IANA's name, with alternates",
            Self::CommonPrimary => "primary by common use",
            Self::IanaPrimary => "primary, IANA's name",
            Self::WideRule => "a rule of the user for many ports",
            Self::Rule => "a rule of the user",
        }
    }
}

impl Listing {
    /// The most ports of a rule that speaks for the side, too: clients draw their ports from wide ranges.
    const MOST_TELLING: u16 = 256;

    /// What the ports of a rule are.
    pub(super) const fn standing_of_rule(&self) -> Standing {
        if self.last - self.first < Self::MOST_TELLING { Standing::Rule } else { Standing::WideRule }
    }
}

impl Entry {
    /// Whether the table knows the port.
    pub const fn is_listed(self) -> bool {
        !matches!(self.standing, Standing::Unlisted)
    }

    /// Takes in one more row of the port. The rows come by rank, then origin.
    pub(super) fn take(&mut self, row: &Listing) {
        let standing = match (row.rank, row.origin, self.standing) {
            (Rank::Rule, _, Standing::Unlisted) => row.standing_of_rule(),
            (Rank::Primary, Origin::Iana, Standing::Unlisted) => Standing::IanaPrimary,
            (Rank::Primary, _, Standing::Unlisted) => Standing::CommonPrimary,
            (Rank::Alternate, Origin::Article, Standing::Unlisted) => Standing::Article,
            (Rank::Alternate, _, Standing::Unlisted) => Standing::Alternate,
            (Rank::Registry, _, Standing::Unlisted | Standing::Article) => Standing::Registry,
            (Rank::Registry, _, Standing::Alternate) => Standing::RegistryAndAlternate,
            _ => return,
        };
        // A curated row of the name that the registry has knows the category, which the registry does not.
        let category = if row.service == self.service { self.category } else { row.category };
        *self = Self { service: row.service, category, standing };
    }
}
