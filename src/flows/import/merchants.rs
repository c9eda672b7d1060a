//! Importing merchants: each is written down, its outlet planned and its account asked for.
//!
//! What an import writes down is as much a draft as what a person types in: a second person
//! still lets the merchant trade and approves the account.

use std::collections::HashMap;

use super::cells::fault_of;
use super::merchants_rows::{self, MerchantRow, Money, Stall};
use super::places::{reached_zone, unknown_zone};
use super::report::{Outcome, Report, RowFault, Wanted};
use super::sheet::Upload;
use super::{Writing, record_import};
use crate::domain::account::PersonalAccounts;
use crate::domain::ids::{EstablishmentId, MerchantId, ZoneId};
use crate::domain::merchant::MerchantStatus;
use crate::domain::money::Vnd;
use crate::domain::refusal::Refusal;
use crate::domain::text::TradeName;
use crate::domain::zone::ZoneCode;
use crate::flows::change::{Change, ChangeError, Deed};
use crate::flows::open_outlet::{self, NewOutlet};
use crate::flows::register_merchant;
use crate::flows::settlement_account::{self, NameCheck, NewAccount};
use crate::flows::take_census::known_places;
use crate::store::merchants::{self, Merchant, MerchantProfile};
use crate::store::reach::Reach;
use crate::store::{StoreError, Tx, accounts, outlets};

/// What a good row would write.
struct Plan {
    merchant: PlannedMerchant,
    outlet: Option<PlannedOutlet>,
    account: Option<Money>,
}

/// An outlet in its zone, at the place of the census that it is, if there is one.
type PlannedOutlet = (ZoneId, Option<EstablishmentId>, Stall);

enum PlannedMerchant {
    New(MerchantProfile),
    Amended(Box<Merchant>, MerchantProfile),
    AsItIs(MerchantId),
}

/// What a column lacks: its name, the stable word, what is wanted.
type Lack = (&'static str, &'static str, Wanted);

/// A zone of the file with its places by their positions.
struct KnownZone {
    id: ZoneId,
    places: HashMap<TradeName, EstablishmentId>,
}

/// Compares rows with what is stored.
struct Comparison<'t> {
    tx: &'t mut Tx,
    reach: Reach,
    policy: PersonalAccounts,
    zones: HashMap<ZoneCode, Option<KnownZone>>,
}

/// Compares a file of merchants with what is stored and writes what `writing` allows. The
/// caller commits.
pub async fn import_merchants(
    tx: &mut Tx,
    change: &Change<'_>,
    reach: Reach,
    policy: PersonalAccounts,
    upload: &Upload,
    writing: Writing,
) -> Result<Report, ChangeError> {
    let mut report = Report::of(upload);
    if !report.file_faults.is_empty() {
        return Ok(report);
    }
    let places = upload.places();
    let mut comparison = Comparison {
        tx: &mut *tx,
        reach,
        policy,
        zones: HashMap::new(),
    };
    let mut plans = Vec::new();
    for row in merchants_rows::read(upload, &mut report) {
        let line = row.row;
        let fault = |lack: Lack| -> RowFault { fault_of(upload, &places, line, lack) };
        match comparison.compare(row).await? {
            Ok(plan) => {
                report.count(plan.outcome());
                plans.push(plan);
            }
            Err(lacks) => {
                report.note(lacks.into_iter().map(fault).collect());
            }
        }
    }
    report.sort();
    report.committed = writing.allows(&report);
    if report.committed {
        let mut deeds = Vec::new();
        for plan in plans {
            plan.write(tx, change, policy, &mut deeds).await?;
        }
        record_import(tx, change, "merchants.import", &report, deeds).await?;
    }
    Ok(report)
}

/// The value, or one more lack.
fn keep<T>(outcome: Result<T, Lack>, lacks: &mut Vec<Lack>) -> Option<T> {
    outcome.map_err(|lack| lacks.push(lack)).ok()
}

impl Comparison<'_> {
    async fn compare(
        &mut self,
        row: MerchantRow<'_>,
    ) -> Result<Result<Plan, Vec<Lack>>, StoreError> {
        let mut lacks = Vec::new();
        let code = &row.profile.tax_code;
        let known = merchants::find_by_tax_code(self.tx, Reach::Everything, code).await?;
        let owner = known.as_ref().map(|it| (it.id, it.state.status()));
        let merchant = match known {
            None => Some(PlannedMerchant::New(row.profile)),
            Some(known) => keep(self.known(known, row.profile).await?, &mut lacks),
        };
        let outlet = match row.stall {
            Some(stall) => keep(self.outlet(owner, stall).await?, &mut lacks).flatten(),
            None => None,
        };
        let owner = owner.map(|(id, _)| id);
        let account = match row.money {
            Some(money) => keep(self.account(owner, money).await?, &mut lacks).flatten(),
            None => None,
        };
        Ok(match merchant {
            Some(merchant) if lacks.is_empty() => Ok(Plan {
                merchant,
                outlet,
                account,
            }),
            _ => Err(lacks),
        })
    }

    /// A merchant that is registered: left alone, or corrected while that is allowed.
    async fn known(
        &mut self,
        known: Merchant,
        profile: MerchantProfile,
    ) -> Result<Result<PlannedMerchant, Lack>, StoreError> {
        if merchants::find(self.tx, self.reach, known.id)
            .await?
            .is_none()
        {
            let wanted = Wanted::new("Mã số thuế đã được đăng ký", "this tax code is registered");
            return Ok(Err(("tax_code", "taken", wanted)));
        }
        Ok(if known.profile == profile {
            Ok(PlannedMerchant::AsItIs(known.id))
        } else if known.state.is_editable() {
            Ok(PlannedMerchant::Amended(Box::new(known), profile))
        } else {
            let state = known.state.status().as_str();
            let wanted = Wanted::new(
                format!(
                    "Hộ này đã đăng ký (trạng thái {state}) với thông tin khác: không sửa bằng tệp được"
                ),
                format!(
                    "this merchant is registered ({state}) with other facts: a file cannot change them"
                ),
            );
            Err(("tax_code", "wrong_state", wanted))
        })
    }

    /// An outlet to plan; none when it is there.
    async fn outlet(
        &mut self,
        owner: Option<(MerchantId, MerchantStatus)>,
        stall: Stall,
    ) -> Result<Result<Option<PlannedOutlet>, Lack>, StoreError> {
        let Some(zone) = self.zone(&stall.zone).await? else {
            return Ok(Err(("zone_code", "unknown_zone", unknown_zone())));
        };
        let (id, place) = (zone.id, zone.places.get(&stall.label).copied());
        let found = outlets::find_by_stall(self.tx, Reach::Everything, id, &stall.label).await?;
        Ok(match (found, owner) {
            (Some(found), Some((owner, _))) if found.merchant == owner => Ok(None),
            (Some(_), _) => {
                let wanted = Wanted::new(
                    "Sạp này đã có điểm bán của hộ khác",
                    "another merchant has an outlet at this stall",
                );
                Err(("stall_label", "taken", wanted))
            }
            (None, Some((_, MerchantStatus::Suspended))) => Err((
                "stall_label",
                "wrong_state",
                Refusal::MerchantNotActive.into(),
            )),
            (None, _) => Ok(Some((id, place, stall))),
        })
    }

    async fn zone(&mut self, code: &ZoneCode) -> Result<Option<&KnownZone>, StoreError> {
        if !self.zones.contains_key(code) {
            let zone = match reached_zone(self.tx, self.reach, code).await? {
                Some(id) => {
                    let places = known_places(self.tx, id).await?.into_iter();
                    let places = places.map(|(position, place)| (position, place.id));
                    Some(KnownZone {
                        id,
                        places: places.collect(),
                    })
                }
                None => None,
            };
            self.zones.insert(code.clone(), zone);
        }
        Ok(self.zones.get(code).and_then(Option::as_ref))
    }

    /// An account to ask for; none when it is there.
    async fn account(
        &mut self,
        owner: Option<MerchantId>,
        money: Money,
    ) -> Result<Result<Option<Money>, Lack>, StoreError> {
        let all = Reach::Everything;
        let found = accounts::find_by_number(self.tx, all, money.bank, &money.number).await?;
        Ok(match found {
            None if self.policy.refuses(money.holder_kind) => Err((
                "holder_kind",
                "personal_account",
                Refusal::PersonalAccount.into(),
            )),
            None => Ok(Some(money)),
            Some(found) if Some(found.merchant) != owner => {
                let wanted = Wanted::new(
                    "Số tài khoản này đã được đăng ký cho hộ khác",
                    "this account number is registered for another merchant",
                );
                Err(("account_number", "taken", wanted))
            }
            Some(found) => {
                let known = Money {
                    bank: found.bank,
                    number: found.number,
                    holder: found.holder,
                    holder_kind: found.holder_kind,
                    registered_name: found.registered_name,
                };
                if known == money {
                    Ok(None)
                } else {
                    let wanted = Wanted::new(
                        "Tài khoản này đã đăng ký với thông tin khác: thông tin tài khoản không sửa được",
                        "this account is registered with other facts, and those never change",
                    );
                    Err(("account_number", "wrong_state", wanted))
                }
            }
        })
    }
}

impl Plan {
    const fn outcome(&self) -> Outcome {
        match (&self.merchant, &self.outlet, &self.account) {
            (PlannedMerchant::New(_), _, _) => Outcome::Added,
            (PlannedMerchant::AsItIs(_), None, None) => Outcome::Unchanged,
            _ => Outcome::Changed,
        }
    }

    async fn write(
        self,
        tx: &mut Tx,
        change: &Change<'_>,
        policy: PersonalAccounts,
        deeds: &mut Vec<Deed>,
    ) -> Result<(), ChangeError> {
        let merchant = match self.merchant {
            PlannedMerchant::New(profile) => {
                let (merchant, deed) = register_merchant::write_down(tx, change, profile).await?;
                deeds.push(deed);
                merchant.id
            }
            PlannedMerchant::Amended(before, profile) => {
                let written = register_merchant::correct(tx, change, *before, profile);
                let (merchant, deed) = written.await?;
                deeds.push(deed);
                merchant.id
            }
            PlannedMerchant::AsItIs(id) => id,
        };
        if let Some((zone, establishment, stall)) = self.outlet {
            let new = NewOutlet {
                merchant,
                zone,
                establishment,
                stall_label: stall.label,
                trade: stall.trade,
                match_by_account: false,
                floor: Vnd::ZERO,
            };
            let (_, deed) = open_outlet::write_down(tx, change, new).await?;
            deeds.push(deed);
        }
        if let Some(money) = self.account {
            let new = NewAccount {
                merchant,
                bank: money.bank,
                number: money.number,
                holder: money.holder,
                holder_kind: money.holder_kind,
                registered_name: money.registered_name,
                name_check: NameCheck::Open,
                replaces: None,
            };
            let written = settlement_account::write_down(tx, change, policy, new);
            let (_, deed) = written.await?;
            deeds.push(deed);
        }
        Ok(())
    }
}
