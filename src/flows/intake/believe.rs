//! Believing lines that nothing but a statement tells of: a second person approves, and they
//! become bank transactions that are attributed by the same rules as those of a notice.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Ledger;
use super::record::Batch;
use super::writer::{ATTEMPTS, lost_a_race};
use crate::domain::credit::Direction;
use crate::domain::ids::{
    AccountId, BankTransactionId, MerchantId, StatementId, StatementProposalId,
};
use crate::domain::linking::Teller;
use crate::domain::reconciliation::{LineVerdict, ProposalEvent, VerdictCounts};
use crate::flows::access::Act;
use crate::flows::attribution::{attribute, read};
use crate::flows::change::{ChangeError, Deed, Thing, check_version, check_won, note};
use crate::flows::linking::Linker;
use crate::flows::reconcile::{self, Compared, Comparison, Stated, close_days, settle, vouching};
use crate::flows::returned_money::{self, Heard};
use crate::store::linking::Places;
use crate::store::reach::Reach;
use crate::store::statements::proposals::{self, Decision, ProposalRow};
use crate::store::statements::{self, evidence, late, lines};
use crate::store::transactions::{self, NewEvidence, NewTransaction};
use crate::store::{StoreError, inconsistent, locks};

/// The name under which attributions of stated credits stand in the audit.
const SPEAKER: &str = "statement";

/// Approves a proposal within reach, as somebody who does not vouch for its lines already. A
/// line that a notice told of meanwhile is matched to that and credits nothing.
pub async fn believe_statement(
    ledger: &Ledger,
    act: &Act<'_>,
    reach: Reach,
    which: (StatementProposalId, Option<i64>),
) -> Result<ProposalRow, ChangeError> {
    let mut attempt = 1;
    loop {
        match believe_once(ledger, act, reach, which).await {
            Err(ChangeError::Store(error)) if attempt < ATTEMPTS && lost_a_race(&error) => {
                attempt += 1;
            }
            result => return result,
        }
    }
}

async fn believe_once(
    ledger: &Ledger,
    act: &Act<'_>,
    reach: Reach,
    (id, expected): (StatementProposalId, Option<i64>),
) -> Result<ProposalRow, ChangeError> {
    let mut batch = Batch::begin(ledger).await?;
    SPEAKER.clone_into(&mut batch.source_name);
    (batch.cause, batch.newest) = (SPEAKER, act.now);
    let before = reconcile::hold_proposal(&mut batch.tx, reach, id).await?;
    let state = before
        .state()?
        .transition(ProposalEvent::Approve, vouching(&before), act.actor)?;
    check_version(expected, before.version)?;
    let (created, attached) = batch.believe(act, &before).await?;
    let decision = Decision {
        state,
        by: act.actor,
        now: act.now,
        created,
        attached,
    };
    let won = proposals::decide(&mut batch.tx, id, before.version, decision).await?;
    check_won(won)?;
    let approved = Deed {
        kind: "statement.approve",
        subject: id.to_string(),
        merchant: Some(MerchantId::from_uuid(before.merchant_id)),
        outlet: None,
        detail: json!({
            "created": created,
            "attached": attached,
            "amount_differs": before.lines - created - attached,
        }),
    };
    note(&mut batch.pending, act, approved);
    batch.commit().await?;
    let import = StatementId::from_uuid(before.import_id);
    reconcile::draw_in_now(&ledger.store, act, import).await;
    let mut tx = ledger.store.begin_read().await?;
    let found = proposals::find(&mut tx, reach, id).await?;
    found.ok_or(ChangeError::NotFound(Thing::Subject))
}

impl Batch<'_> {
    /// Makes transactions of the lines of a proposal; how many, and how many were known.
    async fn believe(
        &mut self,
        act: &Act<'_>,
        proposal: &ProposalRow,
    ) -> Result<(i64, i64), StoreError> {
        let id = StatementId::from_uuid(proposal.import_id);
        let everything = Reach::Everything;
        let import = statements::find(&mut self.tx, everything, id).await?;
        let missing = || inconsistent("statement_proposals", "import_id", proposal.id);
        let account = AccountId::from_uuid(import.ok_or_else(missing)?.account_id);
        locks::account(&mut self.tx, account).await?;
        locks::statement(&mut self.tx, id).await?;
        let merchant = MerchantId::from_uuid(proposal.merchant_id);
        let (entropy, master_key) = (&self.ledger.entropy, &self.ledger.master_key);
        let linker = Linker::open(&mut self.tx, entropy, master_key).await?;
        self.linker = Some(linker.clone());
        let mut comparison = Comparison::new(linker, id, account);
        let (mut created, mut attached) = (0, 0);
        let mut counts = VerdictCounts::default();
        let proposal_id = StatementProposalId::from_uuid(proposal.id);
        for row in lines::of_proposal(&mut self.tx, proposal_id).await? {
            if row.verdict != LineVerdict::MissingHere.as_str() {
                // Somebody told of it after it was proposed, or of another amount: then it
                // credits nothing, and of another amount it stays a difference.
                attached += i64::from(row.verdict == LineVerdict::Matched.as_str());
                continue;
            }
            let line = Stated::stored(row)?;
            let number = line.number;
            let (compared, places) = comparison.compare_again(&mut self.tx, line).await?;
            let transaction = if let Some(known) = compared.matched() {
                attached += 1;
                let missed = statements::missing::remove(&mut self.tx, id, known).await?;
                counts.missing_at_bank -= i64::from(missed);
                let tellings: Vec<_> = compared.telling().into_iter().collect();
                evidence::insert(&mut self.tx, id, account, &tellings, act.now).await?;
                known
            } else {
                created += 1;
                self.enter_stated(act, id, (account, merchant), (&compared, places))
                    .await?
            };
            let told = (LineVerdict::Matched, transaction);
            lines::judge_again(&mut self.tx, id, number, told).await?;
            counts.matched += 1;
            counts.missing_here -= 1;
        }
        late::shift(&mut self.tx, id, counts).await?;
        let import = statements::find(&mut self.tx, everything, id).await?;
        let import = import.ok_or_else(missing)?;
        close_days(&mut self.tx, &import, act.now).await?;
        if import.counts().agree() {
            let speaker = self.speaker();
            settle(&mut self.books(&speaker), id, act.now).await?;
        }
        Ok((created, attached))
    }

    /// Stores a bank fact that a statement alone tells of, and attributes it.
    async fn enter_stated(
        &mut self,
        act: &Act<'_>,
        import: StatementId,
        (account, merchant): (AccountId, MerchantId),
        (compared, places): (&Compared, Places),
    ) -> Result<BankTransactionId, StoreError> {
        let line = &compared.line;
        let id = BankTransactionId::from_uuid(self.ledger.entropy.uuid(act.now));
        let transaction = stated(id, (account, merchant), (compared, places), act.now);
        let read = read(&mut self.tx, line.texts()).await?;
        transactions::insert(&mut self.tx, &transaction).await?;
        let evidence = NewEvidence {
            teller: Teller::from_uuid(import.uuid()),
            source: None,
            key: line.number.to_string(),
            transaction: transaction.id,
            account,
            kind: "statement",
            provider_txn_id: line.number.to_string(),
            reverses: None,
            fact_hash: line.fact_hash(),
            bank_reference: line.bank_reference.clone(),
            virtual_account: None,
            text_link: Some(compared.text_link.clone()),
            occurred_at: line.occurred_at,
            naming: read.naming.to_stored(),
            callback: None,
            recorded_at: act.now,
        };
        if !transactions::insert_evidence(&mut self.tx, &evidence).await? {
            return Err(StoreError::Conflict {
                table: "transaction_evidence",
            });
        }
        if transaction.duplicate_of.is_some() {
            self.suspect_double(&transaction).await?;
        }
        let speaker = self.speaker();
        let mut books = self.books(&speaker);
        if line.direction == Direction::Credit {
            attribute(&mut books, &(&transaction).into(), read).await?;
        }
        let heard = Heard {
            account,
            transaction: transaction.id,
            is_movement: line.direction == Direction::Debit,
            now: act.now,
        };
        returned_money::follow(&mut books, heard).await?;
        self.hold_against_statements(&transaction, Some(import))
            .await?;
        Ok(transaction.id)
    }
}

/// The bank fact that a line tells of.
fn stated(
    id: BankTransactionId,
    (account, merchant): (AccountId, MerchantId),
    (compared, places): (&Compared, Places),
    now: DateTime<Utc>,
) -> NewTransaction {
    let line = &compared.line;
    NewTransaction {
        id,
        account,
        merchant,
        direction: line.direction,
        amount: line.amount,
        virtual_account: None,
        content: line.content.clone(),
        bank_reference: line.bank_reference.clone(),
        order_reference: None,
        occurred_at: line.occurred_at,
        local_day: line.local_day,
        duplicate_of: compared.duplicate_of,
        text_link: Some(compared.text_link.clone()),
        places,
        recorded_at: now,
    }
}
