//! Whether a source can be judged with the credentials it is given, asked before it is
//! configured: a secret that proves nothing is refused then, not at the first notice.

use super::delivery::Credentials;
use super::public_key::KeyAlgorithm;
use super::verdict::Refusal;

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
    /// A public key is used in no such way.
    #[error("a public key's algorithm is one of {}", algorithms())]
    UnknownAlgorithm,
    /// The public key of a source is no such text, or not of the kind its algorithm needs.
    #[error(
        "the key has to be PEM that begins with -----BEGIN PUBLIC KEY-----, of the kind that \
         its algorithm needs"
    )]
    KeyForm,
    /// The public key of a source can be broken.
    #[error("an RSA key has 2048 to 8192 bits and an exponent above 65536")]
    WeakKey,
    /// The format has no public key.
    #[error("this format has no public key")]
    NoPublicKey,
    /// The format needs this setting.
    #[error("this format needs the setting {0}")]
    MissingSetting(&'static str),
    /// The format has no such setting.
    #[error("this format has no setting {0}")]
    UnknownSetting(String),
}

impl CredentialsFault {
    /// The stable code for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SecretFromVendor | Self::MissingSetting(_) => "required",
            Self::SecretForm(_) | Self::PublicKeyForm | Self::KeyForm => "wrong_form",
            Self::UnknownAlgorithm => "unknown_word",
            Self::WeakKey => "too_weak",
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
            Self::UnknownAlgorithm => {
                format!(
                    "Thuật toán của khoá công khai là một trong: {}",
                    algorithms()
                )
            }
            Self::KeyForm => "Khoá phải là PEM bắt đầu bằng -----BEGIN PUBLIC KEY-----, đúng loại \
                 mà thuật toán cần"
                .into(),
            Self::WeakKey => "Khoá RSA dài 2048 đến 8192 bit và có số mũ trên 65536".into(),
            Self::NoPublicKey => "Định dạng này không có khoá công khai".into(),
            Self::MissingSetting(name) => format!("Định dạng này cần thiết lập {name}"),
            Self::UnknownSetting(name) => format!("Định dạng này không có thiết lập {name}"),
        }
    }
}

fn algorithms() -> String {
    let words = KeyAlgorithm::ALL.iter().map(|it| it.as_str());
    words.collect::<Vec<_>>().join(", ")
}

/// Refuses a public key and settings, for formats that have neither.
pub(super) fn require_only_a_secret(credentials: &Credentials) -> Result<(), CredentialsFault> {
    require_settings(credentials, &[])
}

/// Refuses settings, for formats that have none.
pub(super) fn require_no_settings(credentials: &Credentials) -> Result<(), CredentialsFault> {
    require_exactly(credentials, &[])
}

/// Refuses a public key and any settings but these, of which each has to be there.
pub(super) fn require_settings(
    credentials: &Credentials,
    names: &[&'static str],
) -> Result<(), CredentialsFault> {
    if credentials.ed25519_public_key.is_some() {
        return Err(CredentialsFault::NoPublicKey);
    }
    require_exactly(credentials, names)
}

fn require_exactly(
    credentials: &Credentials,
    names: &[&'static str],
) -> Result<(), CredentialsFault> {
    if let Some(missing) = names
        .iter()
        .find(|name| setting(credentials, name).is_none())
    {
        return Err(CredentialsFault::MissingSetting(missing));
    }
    let mut given = credentials.config.keys();
    match given.find(|given| !names.contains(&given.as_str())) {
        Some(unknown) => Err(CredentialsFault::UnknownSetting(unknown.clone())),
        None => Ok(()),
    }
}

/// A setting of the source, unless it is absent or empty.
pub(super) fn setting<'a>(credentials: &'a Credentials, name: &str) -> Option<&'a str> {
    let value = credentials.config.get(name).map(String::as_str);
    value.filter(|value| !value.is_empty())
}

/// A setting without which no notice of the source can be believed.
pub(super) fn required_setting<'a>(
    credentials: &'a Credentials,
    name: &str,
) -> Result<&'a str, Refusal> {
    setting(credentials, name).ok_or(Refusal::UnusableSecret)
}
