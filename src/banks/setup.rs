//! Whether a source can be judged with the credentials it is given, asked before it is
//! configured: a secret that proves nothing is refused then, not at the first notice.

use super::delivery::Credentials;

/// What is wrong with the credentials of a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsFault {
    /// The vendor makes the secret of this format, so it has to be given.
    #[error("the vendor makes this secret: copy it from the vendor's page")]
    SecretFromVendor,
    /// The secret does not have the format's form.
    #[error("the secret has to be {0}")]
    SecretForm(&'static str),
    /// The public key does not have the format's form.
    #[error("the public key has to be whpk_ and base64 of 32 bytes")]
    PublicKeyForm,
    /// The format has no public key.
    #[error("this format has no public key")]
    NoPublicKey,
    /// The format has no such setting.
    #[error("this format has no setting {0}")]
    UnknownSetting(String),
}

impl CredentialsFault {
    /// The stable code for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SecretFromVendor => "required",
            Self::SecretForm(_) | Self::PublicKeyForm => "wrong_form",
            Self::NoPublicKey | Self::UnknownSetting(_) => "not_of_this_format",
        }
    }

    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::SecretFromVendor => {
                "Khoá bí mật này do đơn vị cung cấp tạo: hãy chép từ trang của họ".into()
            }
            Self::SecretForm(form) => format!("Khoá bí mật phải có dạng: {form}"),
            Self::PublicKeyForm => "Khoá công khai có dạng whpk_ và base64 của 32 byte".into(),
            Self::NoPublicKey => "Định dạng này không có khoá công khai".into(),
            Self::UnknownSetting(name) => format!("Định dạng này không có thiết lập {name}"),
        }
    }
}

/// Refuses a public key and settings, for formats that have neither.
pub(super) fn require_only_a_secret(credentials: &Credentials) -> Result<(), CredentialsFault> {
    if credentials.ed25519_public_key.is_some() {
        return Err(CredentialsFault::NoPublicKey);
    }
    require_no_settings(credentials)
}

/// Refuses settings, for formats that have none.
pub(super) fn require_no_settings(credentials: &Credentials) -> Result<(), CredentialsFault> {
    match credentials.config.keys().next() {
        Some(name) => Err(CredentialsFault::UnknownSetting(name.clone())),
        None => Ok(()),
    }
}
