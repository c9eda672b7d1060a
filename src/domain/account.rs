//! Settlement accounts: where a merchant's money goes.
//!
//! The facts of an account never change: a change of account is a new account that names the
//! one it replaces, waits a day, and leaves every issued code as it is. So nobody can
//! redirect a printed code by editing a record.
//!
//! | from | event | to |
//! |---|---|---|
//! | pending | approve (not by the requester) | approved, effective at once or 24 hours later when it replaces another |
//! | pending | reject | rejected (end) |
//! | approved, not yet effective | reject | rejected (end): the old contact objected |
//! | approved | retire | retired (end) |
//!
//! Everything else is refused. "Effective" is derived from the clock, never stored.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::bank::{AccountNumber, BankBin};
use crate::domain::ids::UserId;
use crate::domain::refusal::Refusal;
use crate::domain::text::{TradeName, fold};
use crate::domain::word::word_enum;

/// How long an account that replaces another waits after its approval.
pub const REPLACEMENT_WAIT: TimeDelta = TimeDelta::hours(24);

word_enum! {
    /// In what capacity the account is held. Circular 25/2025/TT-NHNN asks that an account
    /// used for business carry the registered name, so a personal one is warned about.
    HolderKind is "holder kind" {
        /// A private person.
        Personal = "personal",
        /// A household business.
        Household = "household",
        /// A company.
        Company = "company",
    }
}

/// The holder's name as the bank shows it to the payer: 1 to 70 characters of `A–Z`, `0–9`,
/// space and `&.,'-/()`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderName(String);

/// Why a text is no holder name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolderNameError {
    /// Empty, or more than 70 characters.
    #[error("a holder's name has 1 to 70 characters")]
    Length,
    /// A character that banks do not show.
    #[error("a holder's name is written as the bank shows it; “{0}” is not used there")]
    Charset(char),
}

impl HolderNameError {
    /// The same text in Vietnamese.
    pub fn vietnamese(&self) -> String {
        match self {
            Self::Length => "Tên chủ tài khoản dài từ 1 đến 70 ký tự".into(),
            Self::Charset(character) => format!(
                "Tên chủ tài khoản ghi đúng như ngân hàng hiển thị, không có ký tự “{character}”"
            ),
        }
    }
}

impl HolderName {
    /// Takes the name in capitals without diacritics, whichever way it was typed.
    pub fn parse(text: &str) -> Result<Self, HolderNameError> {
        let folded = fold(text);
        let name = folded.split(' ').filter(|word| !word.is_empty());
        let name = name.collect::<Vec<_>>().join(" ");
        let allowed = |character: &char| {
            character.is_ascii_uppercase()
                || character.is_ascii_digit()
                || " &.,'-/()".contains(*character)
        };
        if let Some(character) = name.chars().find(|character| !allowed(character)) {
            return Err(HolderNameError::Charset(character));
        }
        if name.is_empty() || name.len() > 70 {
            return Err(HolderNameError::Length);
        }
        Ok(Self(name))
    }

    /// The name, ASCII capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The facts of an account. They never change; another account takes its place instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementAccount {
    /// The bank.
    pub bank: BankBin,
    /// The number at that bank.
    pub number: AccountNumber,
    /// The holder as the bank shows it.
    pub holder_name: HolderName,
    /// In what capacity it is held.
    pub holder_kind: HolderKind,
    /// The name under which the business is registered, where there is one.
    pub registered_name: Option<TradeName>,
    /// When someone compared the holder's name with the bank's answer.
    pub checked_at: Option<DateTime<Utc>>,
}

word_enum! {
    /// What whoever approves an account should look at.
    AccountWarning is "account warning" {
        /// A private person's account is used for business.
        PersonalAccount = "personal_account",
        /// The bank shows another name than the registered one.
        NameDiffers = "name_differs",
        /// Nobody compared the name with the bank's answer.
        NotChecked = "not_checked",
    }
}

impl AccountWarning {
    /// The warning in English.
    pub const fn english(self) -> &'static str {
        match self {
            Self::PersonalAccount => "A personal account is used for business",
            Self::NameDiffers => "The bank shows another name than the registered one",
            Self::NotChecked => "The holder's name was not checked with the bank",
        }
    }

    /// The warning in Vietnamese.
    pub const fn vietnamese(self) -> &'static str {
        match self {
            Self::PersonalAccount => "Tài khoản cá nhân được dùng để kinh doanh",
            Self::NameDiffers => "Tên ngân hàng hiển thị khác tên đăng ký kinh doanh",
            Self::NotChecked => "Chưa đối chiếu tên chủ tài khoản với ngân hàng",
        }
    }
}

word_enum! {
    /// Whether personal accounts are taken: a setting, as the rules are disputed.
    PersonalAccounts is "policy for personal accounts" {
        /// Taken with a warning.
        Warn = "warn",
        /// Not taken.
        Refuse = "refuse",
    }
}

impl PersonalAccounts {
    /// Whether an account held in this capacity is not taken.
    pub const fn refuses(self, holder: HolderKind) -> bool {
        matches!((self, holder), (Self::Refuse, HolderKind::Personal))
    }
}

impl SettlementAccount {
    /// Refuses what the policy does not take.
    pub fn check_policy(&self, policy: PersonalAccounts) -> Result<(), Refusal> {
        if policy.refuses(self.holder_kind) {
            Err(Refusal::PersonalAccount)
        } else {
            Ok(())
        }
    }

    /// What the approver should look at; empty when nothing is strange.
    pub fn warnings(&self) -> Vec<AccountWarning> {
        let registered = self.registered_name.as_ref().map(TradeName::fold);
        let differs = registered.is_some_and(|name| name != self.holder_name.as_str());
        let found = [
            (
                self.holder_kind == HolderKind::Personal,
                AccountWarning::PersonalAccount,
            ),
            (differs, AccountWarning::NameDiffers),
            (self.checked_at.is_none(), AccountWarning::NotChecked),
        ];
        let shown = found.into_iter().filter(|(applies, _)| *applies);
        shown.map(|(_, warning)| warning).collect()
    }
}

word_enum! {
    /// The name of an [`AccountState`].
    AccountStatus is "account state" {
        /// Waiting for a second person.
        Pending = "pending",
        /// Approved; in use from its effective time on.
        Approved = "approved",
        /// Refused.
        Rejected = "rejected",
        /// No longer for new codes.
        Retired = "retired",
    }
}

/// Where an account stands, with what is known in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Waiting for a second person.
    Pending {
        /// Who asked for it.
        requested_by: UserId,
    },
    /// Approved by another person.
    Approved {
        /// Who asked for it.
        requested_by: UserId,
        /// Who approved it.
        approved_by: UserId,
        /// When.
        approved_at: DateTime<Utc>,
        /// From when new codes may use it.
        effective_at: DateTime<Utc>,
    },
    /// Refused, or objected to while it waited.
    Rejected,
    /// No longer for new codes. Issued ones keep it, and money that comes is recorded.
    Retired {
        /// When.
        retired_at: DateTime<Utc>,
    },
}

/// Whether an account takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// The merchant had none: it is effective at once.
    First,
    /// It replaces one: it waits [`REPLACEMENT_WAIT`], time for the old contact to object.
    Replaces,
}

/// What can be done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// A second person approves it.
    Approve(Succession),
    /// Refuse it, or object to it.
    Reject,
    /// Use it for no new code.
    Retire,
}

impl AccountEvent {
    /// The name of the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve(_) => "approve",
            Self::Reject => "reject",
            Self::Retire => "retire",
        }
    }
}

impl AccountState {
    /// The name of the state.
    pub const fn status(&self) -> AccountStatus {
        match self {
            Self::Pending { .. } => AccountStatus::Pending,
            Self::Approved { .. } => AccountStatus::Approved,
            Self::Rejected => AccountStatus::Rejected,
            Self::Retired { .. } => AccountStatus::Retired,
        }
    }

    /// Whether a new code may be issued on it at `now`.
    pub fn is_effective_at(&self, now: DateTime<Utc>) -> bool {
        matches!(self, Self::Approved { effective_at, .. } if *effective_at <= now)
    }

    /// The state after `event`, done by `actor` at `at`, or why it cannot be done.
    pub fn transition(
        self,
        event: AccountEvent,
        actor: UserId,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        match (self, event) {
            (Self::Pending { requested_by }, AccountEvent::Approve(_)) if requested_by == actor => {
                Err(Refusal::SamePerson)
            }
            (Self::Pending { requested_by }, AccountEvent::Approve(succession)) => {
                let wait = match succession {
                    Succession::First => TimeDelta::zero(),
                    Succession::Replaces => REPLACEMENT_WAIT,
                };
                Ok(Self::Approved {
                    requested_by,
                    approved_by: actor,
                    approved_at: at,
                    effective_at: at + wait,
                })
            }
            (Self::Approved { effective_at, .. }, AccountEvent::Reject) if effective_at <= at => {
                Err(Refusal::AlreadyEffective {
                    since: effective_at,
                })
            }
            (Self::Pending { .. } | Self::Approved { .. }, AccountEvent::Reject) => {
                Ok(Self::Rejected)
            }
            (Self::Approved { .. }, AccountEvent::Retire) => Ok(Self::Retired { retired_at: at }),
            (state, event) => Err(Refusal::WrongState {
                thing: "account",
                state: state.status().as_str(),
                event: event.as_str(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const MONDAY: &str = "2026-03-02T08:00:00Z";
    const TUESDAY: &str = "2026-03-03T08:00:00Z";

    fn pending() -> AccountState {
        AccountState::Pending {
            requested_by: user(1),
        }
    }

    fn approved(succession: Succession) -> AccountState {
        let event = AccountEvent::Approve(succession);
        pending().transition(event, user(2), at(MONDAY)).unwrap()
    }

    #[test]
    fn every_pair_of_state_and_event_leads_where_the_table_says() {
        let refused = "";
        let retired = AccountState::Retired {
            retired_at: at(MONDAY),
        };
        let table = [
            ("pending", pending(), ["approved", "rejected", refused]),
            (
                "waiting",
                approved(Succession::Replaces),
                [refused, "rejected", "retired"],
            ),
            ("rejected", AccountState::Rejected, [refused; 3]),
            ("retired", retired, [refused; 3]),
        ];
        let events = [
            AccountEvent::Approve(Succession::First),
            AccountEvent::Reject,
            AccountEvent::Retire,
        ];
        for (name, state, row) in table {
            for (event, wanted) in events.into_iter().zip(row) {
                let next = state.transition(event, user(2), at("2026-03-02T09:00:00Z"));
                if wanted == refused {
                    let refusal = Refusal::WrongState {
                        thing: "account",
                        state: state.status().as_str(),
                        event: event.as_str(),
                    };
                    assert_eq!(next, Err(refusal), "{name}");
                } else {
                    assert_eq!(next.unwrap().status().as_str(), wanted, "{name}");
                }
            }
        }
    }

    #[test]
    fn an_account_that_replaces_another_waits_a_day_and_can_be_objected_to_until_then() {
        let waiting = approved(Succession::Replaces);
        assert!(!waiting.is_effective_at(at("2026-03-03T07:59:59Z")));
        assert!(waiting.is_effective_at(at(TUESDAY)));
        assert!(approved(Succession::First).is_effective_at(at(MONDAY)));
        assert_eq!(
            waiting.transition(AccountEvent::Reject, user(9), at("2026-03-03T07:59:59Z")),
            Ok(AccountState::Rejected)
        );
        assert_eq!(
            waiting.transition(AccountEvent::Reject, user(9), at(TUESDAY)),
            Err(Refusal::AlreadyEffective { since: at(TUESDAY) })
        );
        let retired = waiting.transition(AccountEvent::Retire, user(9), at(TUESDAY));
        assert!(!retired.unwrap().is_effective_at(at("2026-04-01T00:00:00Z")));
        assert!(!pending().is_effective_at(at(TUESDAY)));
    }

    #[test]
    fn who_asked_for_an_account_cannot_approve_it() {
        for succession in [Succession::First, Succession::Replaces] {
            let event = AccountEvent::Approve(succession);
            assert_eq!(
                pending().transition(event, user(1), at(MONDAY)),
                Err(Refusal::SamePerson)
            );
        }
    }

    #[test]
    fn the_approver_is_warned_of_a_personal_account_and_of_another_name() {
        use AccountWarning::{NameDiffers, NotChecked, PersonalAccount};
        let account = |kind, registered: Option<&str>, checked: bool| SettlementAccount {
            bank: BankBin::parse("970436").unwrap(),
            number: AccountNumber::parse("0011009950446").unwrap(),
            holder_name: HolderName::parse("HKD BÚN ỐC CÔ BA").unwrap(),
            holder_kind: kind,
            registered_name: registered.map(|name| TradeName::parse(name).unwrap()),
            checked_at: checked.then(|| at(MONDAY)),
        };
        for (kind, registered, checked, wanted) in [
            (
                HolderKind::Household,
                Some("HKD Bún ốc Cô Ba"),
                true,
                vec![],
            ),
            (HolderKind::Household, None, true, vec![]),
            (
                HolderKind::Company,
                Some("Công ty Bún ốc"),
                false,
                vec![NameDiffers, NotChecked],
            ),
            (HolderKind::Personal, None, true, vec![PersonalAccount]),
        ] {
            let account = account(kind, registered, checked);
            assert_eq!(account.warnings(), wanted);
            assert_eq!(account.check_policy(PersonalAccounts::Warn), Ok(()));
            let personal = kind == HolderKind::Personal;
            let refused = account.check_policy(PersonalAccounts::Refuse);
            assert_eq!(refused == Err(Refusal::PersonalAccount), personal, "{kind}");
        }
    }

    #[test]
    fn a_holder_name_is_what_the_bank_shows() {
        for (given, wanted) in [
            ("NGUYEN THI DAO", Ok("NGUYEN THI DAO")),
            ("Nguyễn  Thị Đào ", Ok("NGUYEN THI DAO")),
            ("HKD BUN OC CO BA", Ok("HKD BUN OC CO BA")),
            ("CTY TNHH A&B (HN)", Ok("CTY TNHH A&B (HN)")),
            ("", Err(HolderNameError::Length)),
            ("   ", Err(HolderNameError::Length)),
            ("NGUYEN*DAO", Err(HolderNameError::Charset('*'))),
            ("NGUYEN\u{200B}", Err(HolderNameError::Charset('\u{200B}'))),
            ("HОA", Err(HolderNameError::Charset('О'))),
        ] {
            let name = HolderName::parse(given);
            assert_eq!(
                name.as_ref().map(HolderName::as_str),
                wanted.as_ref().map(|w| *w),
                "{given}"
            );
        }
        assert!(HolderName::parse(&"A".repeat(70)).is_ok());
        assert_eq!(
            HolderName::parse(&"A".repeat(71)),
            Err(HolderNameError::Length)
        );
    }
}
