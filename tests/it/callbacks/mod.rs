//! Bank notices: the sample files through the library and through the command, forgeries, and
//! transfer texts.

mod files;
mod forged;
mod forgeries;
mod json_readers;
mod signing;
mod timing;
mod transfer_texts;
mod unusable;

pub use files::with_token;
pub use forged::{Variants, corpus};
pub use signing::{NOW, STANDARD_BODY, hmac, hmac_sha512, standard_v1, standard_v1a};
