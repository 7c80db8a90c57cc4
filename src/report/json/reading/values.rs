//! Counts, distributions and names.

use serde::{Deserialize, Deserializer, de};

use crate::classify::Basis;
use crate::net::{PortClass, Transport};
use crate::summary;

/// The largest count that is believed: some dozens of them still have room in 64 bits.
const MOST: u64 = 1 << 58;

#[derive(Deserialize)]
pub(super) struct Volume {
    pub(super) packets: Count,
    pub(super) bytes: Count,
}

impl From<Volume> for summary::Volume {
    fn from(volume: Volume) -> Self {
        Self { packets: volume.packets.0, bytes: volume.bytes.0 }
    }
}

#[derive(Deserialize)]
pub(super) struct Counts {
    pub(super) packets: Count,
    pub(super) bytes: Count,
    pub(super) flows: Count,
}

impl From<Counts> for summary::Counts {
    fn from(Counts { packets, bytes, flows }: Counts) -> Self {
        Self { volume: summary::Volume { packets: packets.0, bytes: bytes.0 }, flows: flows.0 }
    }
}

/// A count that can be added to others.
#[derive(Default)]
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = u64::deserialize(deserializer)?;
        if count > MOST {
            return Err(de::Error::custom(format_args!("a count of {count} is more than there can be")));
        }
        Ok(Self(count))
    }
}

/// A distribution of which the parts fit each other.
#[derive(Default)]
pub(super) struct Distribution(pub(super) summary::Distribution);

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            sum: u128,
            min: Option<u64>,
            max: Option<u64>,
            buckets: Option<Vec<(u64, Count)>>,
        }
        let Parts { sum, min, max, buckets } = Parts::deserialize(deserializer)?;
        // Percentiles alone cannot be added up.
        let Some(buckets) = buckets else { return Ok(Self::default()) };
        let buckets = buckets.into_iter().map(|(value, count)| (value, count.0));
        summary::Distribution::of_buckets(buckets, sum, min.zip(max))
            .map(Self)
            .ok_or_else(|| de::Error::custom("a distribution contradicts itself"))
    }
}

/// The basis of a name; one that later versions have shows nothing here.
pub(super) fn basis(name: &str) -> Basis {
    Basis::ALL.into_iter().find(|basis| basis.name() == name).unwrap_or(Basis::Undecided)
}

pub(super) fn transport<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Transport, D::Error> {
    named(deserializer, Transport::ALL, Transport::name)
}

pub(super) fn port_class<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PortClass, D::Error> {
    named(deserializer, PortClass::ALL, PortClass::name)
}

/// The one of `all` that has the name that comes.
fn named<'de, D: Deserializer<'de>, T: Copy, const N: usize>(
    deserializer: D,
    all: [T; N],
    name_of: fn(T) -> &'static str,
) -> Result<T, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = all.into_iter().find(|&one| name_of(one) == name);
    found.ok_or_else(|| de::Error::custom(format_args!("{name:?} is not known here")))
}
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Distributions {
    pub(super) flow_bytes: Distribution,
    pub(super) flow_packets: Distribution,
    pub(super) flow_duration_ns: Distribution,
    pub(super) handshake_rtt_ns: Distribution,
}

/// One of each band of confidence.
#[derive(Deserialize)]
pub(super) struct Bands<T> {
    pub(super) high: T,
    pub(super) medium: T,
    pub(super) low: T,
}

impl<T> Bands<T> {
    /// In the order of [`Confidence::ALL`](crate::classify::Confidence::ALL).
    pub(super) fn in_order(self) -> [T; 3] {
        [self.high, self.medium, self.low]
    }
}
