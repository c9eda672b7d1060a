//! Finds the transaction that a notice, a fetched row or a line of a statement tells of. The
//! rule is [`crate::domain::linking`].
//!
//! Texts are compared by a keyed hash: a text names people, and the hash has to outlive it. The
//! key is drawn once, is sealed like every other and never changes, for a text under another
//! key would link to nothing.

use crate::domain::linking::{Placement, place};
use crate::domain::matching;
use crate::entropy::Entropy;
use crate::store::linking::{self, Places, Telling};
use crate::store::{StoreError, Tx, inconsistent};
use crate::vault::Key;

/// The name of the key.
const KEY_NAME: &str = "linking";

/// How much of the hash is kept: enough that two texts never have the same.
const LINK_BYTES: usize = 16;

/// The name under which the key of a hash is sealed.
pub fn hash_key_name(name: &str) -> String {
    format!("hash_key:{name}")
}

/// Links tellings. Opened once in a transaction.
#[derive(Clone, Debug)]
pub struct Linker {
    key: Key,
}

/// Where a telling belongs, and by which hash later ones find it.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Where it belongs.
    pub placement: Placement,
    /// To be stored with the telling, and with its transaction if that is new.
    pub text_link: Vec<u8>,
    /// To be stored with its transaction if that is new.
    pub places: Places,
}

impl Linker {
    /// Reads the key, which is drawn when the first telling comes.
    pub async fn open(
        tx: &mut Tx,
        entropy: &Entropy,
        master_key: &Key,
    ) -> Result<Self, StoreError> {
        let name = hash_key_name(KEY_NAME);
        let fresh = Key::new(entropy.bytes());
        let fresh = master_key.seal(&name, entropy.bytes(), fresh.reveal());
        let sealed = linking::hash_key(tx, KEY_NAME, &fresh).await?;
        let opened = master_key.open(&name, &sealed).ok();
        let bytes = opened.and_then(|opened| opened.as_slice().try_into().ok());
        let bytes = bytes.ok_or_else(|| inconsistent("hash_keys", "key_sealed", KEY_NAME))?;
        Ok(Self {
            key: Key::new(bytes),
        })
    }

    /// The place of a telling whose key its teller has not told before. Whoever stores it does
    /// so in this same transaction.
    pub async fn place(&self, tx: &mut Tx, telling: &Telling<'_>) -> Result<Placed, StoreError> {
        let text_link = self.text_link(telling);
        let (known, places) = linking::known(tx, telling, &text_link).await?;
        Ok(Placed {
            placement: place(&known, telling.teller, telling.reference),
            text_link,
            places,
        })
    }

    /// The hash by which a telling is found by its day and text.
    pub fn text_link(&self, telling: &Telling<'_>) -> Vec<u8> {
        let Telling {
            account,
            direction,
            amount,
            local_day,
            ..
        } = telling;
        let text = matching::plain_letters(telling.text);
        let (direction, amount) = (direction.as_str(), amount.get());
        let whole = format!("{account}/{direction}/{amount}/{local_day}/{text}");
        self.key.fingerprint(&whole)[..LINK_BYTES].to_vec()
    }
}
