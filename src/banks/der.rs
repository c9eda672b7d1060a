//! As much of DER as the envelope of a public key needs. Lengths are definite and in their
//! shortest form, and nothing follows: one key has one writing.

/// The identifier of an RSA key: `rsaEncryption` with its NULL.
pub(super) const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
/// The identifier of a key on the curve P-256.
pub(super) const P256: &[u8] = &[
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
    0x03, 0x01, 0x07,
];
/// The identifier of an Ed25519 key.
pub(super) const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// The identifier and the key of a `SubjectPublicKeyInfo`.
pub(super) fn subject_public_key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut envelope = Reader(whole(bytes, SEQUENCE)?);
    let identifier = envelope.value(SEQUENCE)?;
    let (unused_bits, key) = envelope.value(BIT_STRING)?.split_first()?;
    (envelope.is_at_end() && *unused_bits == 0).then_some((identifier, key))
}

/// The modulus and the exponent of an `RSAPublicKey`, without leading zeros.
pub(super) fn rsa_public_key(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = Reader(whole(bytes, SEQUENCE)?);
    let numbers = (key.positive()?, key.positive()?);
    key.is_at_end().then_some(numbers)
}

/// The content of the one value that fills the bytes.
fn whole(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader(bytes);
    let value = reader.value(tag)?;
    reader.is_at_end().then_some(value)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The content of the next value, which has to bear this tag.
    fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.byte()? != tag {
            return None;
        }
        let length = self.length()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn length(&mut self) -> Option<usize> {
        let first = self.byte()?;
        match first {
            0..=0x7f => Some(first.into()),
            0x81 => Some(self.byte()?.into()).filter(|length| *length > 0x7f),
            0x82 => {
                let length = usize::from(self.byte()?) << 8 | usize::from(self.byte()?);
                Some(length).filter(|length| *length > 0xff)
            }
            _ => None,
        }
    }

    /// A number above zero; a zero byte stands before it only where it would read as a minus.
    fn positive(&mut self) -> Option<&'a [u8]> {
        match self.value(INTEGER)? {
            [0, rest @ ..] if rest.first().is_some_and(|byte| *byte > 0x7f) => Some(rest),
            number @ [1..=0x7f, ..] => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_writing() {
        let read = |bytes: &[u8]| Reader(bytes).positive().map(<[u8]>::to_vec);
        for (bytes, wanted) in [
            (&[2, 1, 1][..], Some(vec![1])),
            (&[2, 2, 0, 0x80], Some(vec![0x80])),
            (&[2, 2, 0, 1], None),
            (&[2, 1, 0x80], None),
            (&[2, 1, 0], None),
            (&[2, 0], None),
            (&[2, 2, 1], None),
            (&[3, 1, 1], None),
            (&[2, 0x81, 1, 1], None),
            (&[2, 0x80, 1, 0, 0], None),
        ] {
            assert_eq!(read(bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn an_envelope_is_read_whole_or_not_at_all() {
        let good = [
            &[0x30, 0x0c, 0x30, 0x05][..],
            ED25519,
            &[0x03, 0x03, 0x00, 0xaa, 0xbb],
        ];
        let good = good.concat();
        assert_eq!(
            subject_public_key(&good),
            Some((ED25519, &[0xaa, 0xbb][..]))
        );
        for length in 0..good.len() {
            assert_eq!(subject_public_key(&good[..length]), None, "{length}");
        }
        assert_eq!(subject_public_key(&[&good[..], &[0]].concat()), None);
        for (place, byte) in [(0, 0x31), (2, 0x31), (11, 0x01), (9, 0x04)] {
            let mut other = good.clone();
            other[place] = byte;
            assert_eq!(subject_public_key(&other), None, "{place}");
        }
        // A length in a longer form than it needs.
        let long = [&[0x30, 0x81, 0x0c], &good[2..]].concat();
        assert_eq!(subject_public_key(&long), None);
    }
}
