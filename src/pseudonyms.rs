//! Addresses under other names: Crypto-PAn, which keeps what addresses have in common at their beginning.
//!
//! Two addresses that share their first n bits have pseudonyms that share their first n bits, and no more. Whoever has the key
//! can undo it; whoever knows the address behind a pseudonym knows the beginning of its neighbours' as well.
//!
//! Source: Xu, Fan, Ammar, Moon: Prefix-Preserving IP Address Anonymization, ICNP 2002, with AES-128 as in their own program; for
//! IPv6 the same over 128 bits.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};

use crate::flow::FlowRecord;

/// Bytes of a key: 16 for the cipher, 16 that become the padding.
pub const KEY_BYTES: usize = 32;

/// What a key makes of addresses.
#[derive(Clone)]
pub struct Pseudonyms {
    cipher: Aes128,
    padding: u128,
}

impl std::fmt::Debug for Pseudonyms {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

/// Why something is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key has {KEY_BYTES} bytes, or twice as many hexadecimal digits")]
pub struct NoKey;

impl Pseudonyms {
    /// Those of a key.
    pub fn new(key: [u8; KEY_BYTES]) -> Self {
        const HALF: usize = KEY_BYTES / 2;
        let half = |begin: usize| Array::from(std::array::from_fn::<u8, HALF, _>(|place| key[begin + place]));
        let (cipher, mut padding) = (Aes128::new(&half(0)), half(HALF));
        cipher.encrypt_block(&mut padding);
        Self { padding: u128::from_be_bytes(padding.into()), cipher }
    }

    /// Those of the key in a file: 32 bytes as they are, or 64 hexadecimal digits, which may have white space around them.
    ///
    /// # Errors
    /// If it is neither.
    pub fn of_key_file(content: &[u8]) -> Result<Self, NoKey> {
        if let Ok(key) = content.try_into() {
            return Ok(Self::new(key));
        }
        let digits = content.trim_ascii();
        if digits.len() != 2 * KEY_BYTES {
            return Err(NoKey);
        }
        let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(NoKey);
        let mut key = [0; KEY_BYTES];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).map_err(|_| NoKey)?;
        }
        Ok(Self::new(key))
    }

    /// The pseudonym of an address, which is of the same IP version.
    pub fn of(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => {
                let left = u128::from(address.to_bits()) << 96;
                let flipped = self.flips(left, 32) >> 96;
                Ipv4Addr::from_bits(address.to_bits() ^ u32::try_from(flipped).unwrap_or_default()).into()
            }
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                Ipv6Addr::from_bits(bits ^ self.flips(bits, 128)).into()
            }
        }
    }

    /// What results by the same key have in common: 16 hexadecimal digits that do not tell the key. They are the beginning of the
    /// CBC-MAC of both of its halves.
    pub fn fingerprint(&self) -> String {
        let mut block = Array::from(*b"portolan key no.");
        self.cipher.encrypt_block(&mut block);
        block = (u128::from_be_bytes(block.into()) ^ self.padding).to_be_bytes().into();
        self.cipher.encrypt_block(&mut block);
        format!("{:016x}", u128::from_be_bytes(block.into()) >> 64)
    }

    /// The same flow between pseudonyms, or as it is without any. Its sides keep their places, whatever the order of the
    /// pseudonyms.
    #[inline]
    pub(crate) fn of_flow<'a>(pseudonyms: Option<&Self>, record: &'a FlowRecord) -> Cow<'a, FlowRecord> {
        pseudonyms.map_or(Cow::Borrowed(record), |pseudonyms| Cow::Owned(pseudonyms.renamed(record.clone())))
    }

    #[inline(never)]
    fn renamed(&self, mut record: FlowRecord) -> FlowRecord {
        for endpoint in &mut record.endpoints {
            endpoint.address = self.of(endpoint.address);
        }
        record
    }

    /// The bits that change, of the first `length` ones: each is a function of the bits before it.
    fn flips(&self, address: u128, length: u32) -> u128 {
        let mut blocks: Vec<_> = (0..length)
            .map(|place| {
                let rest = u128::MAX >> place;
                Array::from((address & !rest | self.padding & rest).to_be_bytes())
            })
            .collect();
        self.cipher.encrypt_blocks(&mut blocks);
        let bit = |(place, block): (u32, &aes::Block)| u128::from(block[0] >> 7) << (127 - place);
        (0..).zip(&blocks).map(bit).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The key of the sample that the authors of Crypto-PAn publish with their program.
    const KEY: [u8; KEY_BYTES] = [
        21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16, 216, 152, 143, 131, 121, 121,
        101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
    ];

    fn text_of(address: &str) -> String {
        Pseudonyms::new(KEY).of(address.parse().expect("an address")).to_string()
    }

    #[test]
    fn ipv4_is_as_published() {
        // From the sample trace and its result in the authors' program.
        let published = [
            ("128.11.68.132", "135.242.180.132"),
            ("129.118.74.4", "134.136.186.123"),
            ("130.132.252.244", "133.68.164.234"),
            ("141.223.7.43", "141.167.8.160"),
            ("141.233.145.108", "141.129.237.235"),
            ("152.163.225.39", "151.140.114.167"),
            ("156.29.3.236", "147.225.12.42"),
            ("165.247.96.84", "162.9.99.234"),
            ("166.107.77.190", "160.132.178.185"),
            ("192.102.249.13", "252.138.62.131"),
            ("24.0.250.221", "100.15.198.226"),
        ];
        for (address, pseudonym) in published {
            assert_eq!(text_of(address), pseudonym, "{address}");
        }
    }

    #[test]
    fn ipv6_is_as_other_programs_have_it() {
        let published = [
            ("::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"),
            ("::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"),
            ("::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"),
            ("2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"),
            ("2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"),
        ];
        for (address, pseudonym) in published {
            assert_eq!(text_of(address), pseudonym, "{address}");
        }
    }

    #[test]
    fn a_key_is_bytes_or_digits_and_nothing_else() {
        let digits = KEY.map(|byte| format!("{byte:02x}")).concat();
        let address = IpAddr::from([192, 0, 2, 1]);
        let expected = Pseudonyms::new(KEY).of(address);
        for content in [KEY.to_vec(), digits.clone().into_bytes(), format!("{digits}\n").into_bytes()] {
            assert_eq!(Pseudonyms::of_key_file(&content).expect("a key").of(address), expected);
        }
        for content in [&b""[..], &KEY[1..], b"secret\n", &[b'g'; 64], &digits.as_bytes()[2..]] {
            assert_eq!(Pseudonyms::of_key_file(content).err(), Some(NoKey));
        }
    }

    #[test]
    fn a_fingerprint_is_that_of_the_whole_key() {
        let of = |key| Pseudonyms::new(key).fingerprint();
        assert_eq!(of(KEY).len(), 16);
        for place in 0..KEY_BYTES {
            let mut other = KEY;
            other[place] ^= 1;
            assert_ne!(of(other), of(KEY), "byte {place}");
        }
    }

    proptest! {
        #[test]
        fn what_addresses_share_at_the_beginning_pseudonyms_share(key: [u8; 32], one: u128, other: u128, shared in 0..128_u32) {
            let pseudonyms = Pseudonyms::new(key);
            let rest = u128::MAX >> shared;
            let [one, other] = [one, one & !rest | other & rest];
            let of = |bits| match pseudonyms.of(Ipv6Addr::from_bits(bits).into()) {
                IpAddr::V6(pseudonym) => pseudonym.to_bits(),
                IpAddr::V4(_) => unreachable!("the version stays"),
            };
            prop_assert_eq!((of(one) ^ of(other)).leading_zeros(), (one ^ other).leading_zeros());
        }
    }
}
