//! What the texts about one credit name: those of one telling, or of all tellings together.
//!
//! A credit is attributed by everything that was told of it, in whatever order: one bank may
//! cut the text that another one delivers whole. So each telling keeps what its own texts
//! name, without the texts, and the verdict is that of all of them [joined](Naming::join).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::explanation::{
    Evidence, Explanation, Field, Rejected, RejectedWhy, Rule, SuspenseReason,
};

/// What texts name. Holds no name and no account, so it can be kept for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    #[serde(default)]
    evidence: Vec<Evidence>,
    #[serde(default)]
    rejected: Vec<Rejected>,
    /// Whether a text was too long to be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    too_long: bool,
}

impl Naming {
    /// How many entries of each list are kept. Two issued references are as many as ever
    /// matter.
    const MOST_ENTRIES: usize = 20;

    /// What texts name: issued references, and what looks like one and was never issued.
    pub fn new(mut evidence: Vec<Evidence>, mut rejected: Vec<Rejected>, too_long: bool) -> Self {
        let key = |seen: &Evidence| (seen.field, seen.reference.clone(), seen.form);
        evidence.sort_by_key(key);
        evidence.dedup_by(|a, b| (a.field, &a.reference) == (b.field, &b.reference));
        evidence.truncate(Self::MOST_ENTRIES);
        rejected.sort_by(|a, b| a.reference.cmp(&b.reference));
        rejected.dedup_by(|a, b| a.reference == b.reference);
        rejected.truncate(Self::MOST_ENTRIES);
        Self {
            evidence,
            rejected,
            too_long,
        }
    }

    /// A naming as stored; nothing stands for texts that name nothing.
    pub fn parse(stored: Option<&str>) -> Result<Self, serde_json::Error> {
        let Some(stored) = stored else {
            return Ok(Self::default());
        };
        let mut naming: Self = serde_json::from_str(stored)?;
        // Where a whole explanation was stored, what it made of issued references is no part
        // of what the texts say.
        let unknown = |why| matches!(why, RejectedWhy::NotIssued | RejectedWhy::Mistyped);
        naming.rejected.retain(|rejected| unknown(rejected.why));
        Ok(naming)
    }

    /// As it is stored.
    pub fn to_stored(&self) -> Option<String> {
        (*self != Self::default())
            .then(|| serde_json::to_string(self).expect("a naming holds only words"))
    }

    /// What two tellings name together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(
            [self.evidence, other.evidence].concat(),
            [self.rejected, other.rejected].concat(),
            self.too_long || other.too_long,
        )
    }

    /// Whether it has seen everything that looks like a reference.
    pub fn knows(&self, candidates: &BTreeSet<String>) -> bool {
        let issued = self.evidence.iter().map(|seen| &seen.reference);
        let unknown = self.rejected.iter().map(|rejected| &rejected.reference);
        let seen: BTreeSet<&String> = issued.chain(unknown).collect();
        candidates.iter().all(|candidate| seen.contains(candidate))
    }

    /// The verdict: exactly one issued reference, or a person decides.
    pub fn explain(self) -> Explanation {
        let named = |field| -> BTreeSet<&str> {
            let seen = self.evidence.iter().filter(|seen| seen.field == field);
            seen.map(|seen| seen.reference.as_str()).collect()
        };
        let (in_content, in_order) = (named(Field::Content), named(Field::OrderField));
        let all: BTreeSet<&str> = in_content.union(&in_order).copied().collect();
        let mut all_names = all.iter();
        let verdict = match (all_names.next(), all_names.next()) {
            _ if self.too_long => Err(SuspenseReason::TextTooLong),
            (Some(reference), None) if in_content.is_empty() => {
                Ok((Rule::ReferenceInOrderField, (*reference).to_owned()))
            }
            (Some(reference), None) => Ok((Rule::ReferenceInText, (*reference).to_owned())),
            (None, _) if self.rejected.is_empty() => Err(SuspenseReason::NoReference),
            (None, _) => Err(SuspenseReason::NotIssued),
            _ if in_content.len() == 1 && in_order.len() == 1 => {
                Err(SuspenseReason::OrderFieldDiffers)
            }
            _ => Err(SuspenseReason::SeveralReferences),
        };
        match verdict {
            Ok((rule, reference)) => {
                Explanation::matched(rule, reference, self.evidence, self.rejected)
            }
            Err(reason) => {
                let several = all.into_iter().map(|reference| Rejected {
                    reference: reference.to_owned(),
                    why: RejectedWhy::NotAlone,
                });
                let rejected = several.chain(self.rejected.iter().cloned()).collect();
                Explanation::suspense(reason, self.evidence.clone(), rejected)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::matching::{Texts, read};

    const ISSUED: [&str; 2] = ["TH7K2M9XQ4", "TH3D8W5RNC"];

    fn of(content: &str) -> Naming {
        let texts = Texts {
            content,
            order_field: None,
        };
        read(texts, &ISSUED.map(str::to_owned).into())
    }

    #[test]
    fn a_second_telling_adds_what_the_first_one_lost_and_contradicts_what_it_names_otherwise() {
        let (whole, cut, other) = (of("TH7K2M9XQ4 an trua"), of("an trua"), of("TH3D8W5RNC"));
        let together = cut.clone().join(whole.clone()).explain();
        assert_eq!(together.reference.as_deref(), Some("TH7K2M9XQ4"));
        let together = whole.join(cut).join(other).explain();
        assert_eq!(together.suspense, Some(SuspenseReason::SeveralReferences));
        assert_eq!(together.reference, None);
    }

    #[test]
    fn a_reading_is_stored_without_the_text_and_reads_back() {
        let naming = of("Nguyen Van A TH-7K2M9XQ4 THZZZZ9999");
        let stored = naming.to_stored().unwrap();
        assert!(!stored.contains("Nguyen"), "{stored}");
        assert_eq!(Naming::parse(Some(&stored)).unwrap(), naming);
        assert_eq!(of("an trua").to_stored(), None);
        assert_eq!(Naming::parse(None).unwrap(), Naming::default());
        assert!(Naming::parse(Some("{")).is_err());
    }

    #[test]
    fn an_explanation_reads_as_what_its_texts_named() {
        let naming = of("TH7K2M9XQ4 TH3D8W5RNC THZZZZ9999");
        let explanation = serde_json::to_string(&naming.clone().explain()).unwrap();
        assert_eq!(Naming::parse(Some(&explanation)).unwrap(), naming);
    }

    proptest! {
        #[test]
        fn the_order_of_tellings_changes_nothing(
            (told, other) in prop::collection::vec(
                prop::sample::select(vec![
                    "TH7K2M9XQ4", "TH-7K2M9XQ4 cam on", "TH3D8W5RNC", "THZZZZ9999", "an trua", "",
                ]),
                1..6,
            ).prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle()))
        ) {
            let join = |told: Vec<&str>| told.into_iter().map(of).reduce(Naming::join);
            prop_assert_eq!(join(told).unwrap(), join(other).unwrap());
        }
    }
}
