//! Banks of the sample data: what they send is signed with the real secrets in the real forms.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};

use crate::banks::{SECRET_BYTES, Secret};
use crate::cli::bank::{Credit, Proof, Sender, Signed, format_of};
use crate::flows::receive_notice::{Arrival, Caller};

/// A bank or aggregator: the name of its source, the format it speaks, the bank's BIN.
pub(super) struct SampleBank {
    /// The name of its source.
    pub(super) source: &'static str,
    /// The adapter of its source.
    pub(super) adapter: &'static str,
    /// The BIN of the accounts it tells of.
    pub(super) bin: &'static str,
    /// What it is called.
    pub(super) name: &'static str,
}

/// One for each way of signing that the street's banks use.
pub(super) const BANKS: [SampleBank; 3] = [
    SampleBank {
        source: "mau-mbbank",
        adapter: "standard_webhooks",
        bin: "970422",
        name: "MBBank",
    },
    SampleBank {
        source: "mau-sepay",
        adapter: "sepay_hmac",
        bin: "970436",
        name: "Vietcombank",
    },
    SampleBank {
        source: "mau-payos",
        adapter: "payos",
        bin: "970448",
        name: "OCB",
    },
];

impl SampleBank {
    /// A secret in the form of its format.
    pub(super) fn secret_of(&self, random: &[u8; SECRET_BYTES]) -> String {
        match self.adapter {
            "standard_webhooks" => format!("whsec_{}", BASE64_STANDARD.encode(random)),
            _ => hex::encode(random),
        }
    }

    /// Where its notices arrive.
    pub(super) const fn arrival(&self) -> Arrival<'static> {
        Arrival {
            source: self.source,
            path_below: "",
            caller: Caller::INSIDE,
        }
    }

    /// The notice of a credit, sent at a moment.
    pub(super) fn notice(
        &self,
        secret: &str,
        credit: &Credit<'_>,
        sent_at: DateTime<Utc>,
    ) -> Signed {
        let format = format_of(self.adapter).expect("every adapter has a signer");
        let sender = Sender {
            bank: self.name,
            proof: &Proof::Shared(Secret::text(secret)),
            config: &BTreeMap::new(),
            token: None,
        };
        (format.sign)(&sender, std::slice::from_ref(credit), sent_at)
    }
}
