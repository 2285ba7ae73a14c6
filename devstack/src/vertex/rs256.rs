//! RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2), 2048 bits, verifying only.

use p256::elliptic_curve::bigint::modular::{FixedMontyForm, FixedMontyParams};
use p256::elliptic_curve::bigint::{Odd, U64, U2048};
use sha2::{Digest, Sha256};

const BYTES: usize = 256;
/// The DER of a DigestInfo for SHA-256, up to the digest (RFC 8017 section 9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// True when the public key with this modulus (hex; exponent 65537) verifies the signature.
pub(super) fn verify(modulus: &str, signed: &[u8], signature: &[u8]) -> bool {
    let modulus = Odd::<U2048>::from_be_hex(modulus);
    if signature.len() != BYTES || U2048::from_be_slice(signature) >= *modulus.as_ref() {
        return false;
    }
    let params = FixedMontyParams::new_vartime(modulus);
    let decrypted = FixedMontyForm::new(&U2048::from_be_slice(signature), &params)
        .pow_vartime(&U64::from_u64(65_537))
        .retrieve();
    let tail = [&[0], DIGEST_INFO.as_slice(), Sha256::digest(signed).as_slice()].concat();
    let mut expected = vec![0xff; BYTES - tail.len()];
    expected[..2].copy_from_slice(&[0, 1]);
    expected.extend(tail);
    decrypted == U2048::from_be_slice(&expected)
}
