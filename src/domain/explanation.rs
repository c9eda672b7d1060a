//! Why a credit was attributed as it was: stored with the payment or the suspense item, and
//! shown to the trader and to staff.

use serde::{Deserialize, Serialize};

macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal, $vi:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The stable word, as stored and as the API shows it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// A sentence for people, in Vietnamese.
            pub const fn vi(self) -> &'static str {
                match self { $(Self::$variant => $vi,)* }
            }

            /// A sentence for people, in English.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

pub(crate) use worded;

worded! {
    /// The rule that attributed a credit.
    Rule {
        /// The transfer text names exactly one issued reference.
        ReferenceInText = "reference_in_text",
            "Nội dung chuyển khoản ghi đúng một mã đã cấp.",
            "The transfer text names exactly one issued reference.";
        /// Only the provider's order field names one.
        ReferenceInOrderField = "reference_in_order_field",
            "Số đơn hàng của đơn vị cung cấp ghi đúng một mã đã cấp.",
            "The provider's order number names exactly one issued reference.";
        /// The account belongs to one outlet, whose merchant asked for this rule.
        ByAccount = "by_account",
            "Tài khoản nhận tiền chỉ dùng cho một điểm bán và người bán đã bật quy tắc này.",
            "The credited account serves one outlet only and its merchant switched this rule on.";
        /// A person decided.
        Manual = "manual",
            "Do một người xác định.",
            "A person decided.";
        /// Not attributed.
        None = "none",
            "Chưa gắn với mã nào.",
            "Not attributed to any code.";
    }
}

worded! {
    /// Why a credit waits for a person.
    SuspenseReason {
        /// Nothing in the text looks like a reference.
        NoReference = "no_reference",
            "Nội dung không có mã nào.",
            "The text holds no reference.";
        /// Something looks like a reference and was never issued.
        NotIssued = "not_issued",
            "Nội dung có mã nhưng mã này chưa từng được cấp.",
            "The text holds a reference that was never issued.";
        /// More than one issued reference.
        SeveralReferences = "several_references",
            "Nội dung ghi nhiều mã khác nhau.",
            "The text names several references.";
        /// Text and order field name different ones.
        OrderFieldDiffers = "order_field_differs",
            "Nội dung và số đơn hàng ghi hai mã khác nhau.",
            "The text and the order number name different references.";
        /// Longer than any bank delivers.
        TextTooLong = "text_too_long",
            "Nội dung dài bất thường.",
            "The text is unusually long.";
        /// The money is in another account than the code's.
        OtherAccount = "other_account",
            "Tiền vào tài khoản khác với tài khoản của mã.",
            "The money is in another account than the code's.";
        /// Two persons decided that a number that was told twice is other money.
        ToldTwice = "told_twice",
            "Một số giao dịch được báo hai lần với nội dung khác nhau, hai người đã xác định đây là khoản tiền khác.",
            "One number was told twice with other facts, and two persons decided that this is other money.";
        /// A code of another acquirer has no account here.
        CodeWithoutAccount = "code_without_account",
            "Mã này không gắn với tài khoản nào ở đây.",
            "The code has no account here.";
    }
}

worded! {
    /// Why a source may not speak for the account that it names.
    AccountRefusal {
        /// The source is not bound to this account.
        NotBound = "account_not_bound",
            "Nguồn báo không được gắn với tài khoản này.",
            "The source is not bound to this account.";
        /// The notice names no account and the source is not bound to exactly one.
        NotSingle = "account_not_single",
            "Thông báo không ghi tài khoản và nguồn không gắn với đúng một tài khoản.",
            "The notice names no account and the source is not bound to exactly one.";
        /// Two bound accounts, at different banks, have this number.
        SeveralAccounts = "account_several",
            "Có nhiều tài khoản cùng số được gắn với nguồn này.",
            "Several accounts with this number are bound to the source.";
    }
}

worded! {
    /// Why a candidate was not taken.
    RejectedWhy {
        /// It fits its check character and was never issued.
        NotIssued = "not_issued",
            "Chưa từng được cấp.",
            "Never issued.";
        /// It was never issued and its check character is wrong.
        Mistyped = "mistyped",
            "Chưa từng được cấp và ký tự kiểm tra không đúng.",
            "Never issued, and its check character is wrong.";
        /// It was issued, but another one is named too.
        NotAlone = "not_alone",
            "Đã cấp, nhưng không phải mã duy nhất được ghi.",
            "Issued, but not the only one named.";
        /// It was issued, but the money is elsewhere.
        OtherAccount = "other_account",
            "Đã cấp, nhưng tiền vào tài khoản khác.",
            "Issued, but the money is in another account.";
    }
}

worded! {
    /// Where a reference was seen.
    Field {
        /// The transfer text.
        Content = "content", "nội dung chuyển khoản", "the transfer text";
        /// The provider's order field.
        OrderField = "order_field", "số đơn hàng", "the order number";
    }
}

worded! {
    /// In which reading of a field it was seen.
    Form {
        /// In the text as delivered, but for case and diacritics.
        AsWritten = "as_written", "viết liền", "as written";
        /// Only after removing everything that is no letter or digit.
        SeparatorsRemoved = "separators_removed",
            "sau khi bỏ dấu cách và dấu câu",
            "after removing spaces and punctuation";
    }
}

/// An issued reference that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where.
    pub field: Field,
    /// In which reading.
    pub form: Form,
    /// The ten characters.
    pub reference: String,
}

/// A candidate that was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The ten characters.
    pub reference: String,
    /// Why.
    pub why: RejectedWhy,
}

/// Who attributed a credit by hand, and for which case: ids and numbers, no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who decided or, where two must, who asked for it.
    pub by: String,
    /// The second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// The number of the case that it was decided for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

/// A decision with its grounds. Holds no name and no account, so it can be kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule that decided.
    pub rule: Rule,
    /// The reference that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why a person has to decide, when nothing was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspense: Option<SuspenseReason>,
    /// Issued references that were seen.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What looked like a reference and was passed over; the first ones only.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
    /// The people behind a decision by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

impl Explanation {
    /// How many entries of each list are kept.
    const MOST_ENTRIES: usize = 20;

    /// Exactly one reference was found.
    pub fn matched(
        rule: Rule,
        reference: String,
        evidence: Vec<Evidence>,
        rejected: Vec<Rejected>,
    ) -> Self {
        Self {
            rule,
            reference: Some(reference),
            suspense: None,
            evidence: evidence.into_iter().take(Self::MOST_ENTRIES).collect(),
            rejected: rejected.into_iter().take(Self::MOST_ENTRIES).collect(),
            decision: None,
        }
    }

    /// A person has to decide.
    pub fn suspense(
        reason: SuspenseReason,
        evidence: Vec<Evidence>,
        rejected: Vec<Rejected>,
    ) -> Self {
        Self {
            rule: Rule::None,
            reference: None,
            suspense: Some(reason),
            evidence: evidence.into_iter().take(Self::MOST_ENTRIES).collect(),
            rejected: rejected.into_iter().take(Self::MOST_ENTRIES).collect(),
            decision: None,
        }
    }

    /// The same credit, after its account was found not to be the code's.
    pub fn refused_for_account(mut self, reason: SuspenseReason) -> Self {
        self.rejected
            .extend(self.reference.take().map(|reference| Rejected {
                reference,
                why: RejectedWhy::OtherAccount,
            }));
        self.rule = Rule::None;
        self.suspense = Some(reason);
        self
    }

    /// The same credit, attributed by its account alone. What the text lacked stays on record
    /// in the lists.
    pub fn by_account(mut self) -> Self {
        self.rule = Rule::ByAccount;
        self.suspense = None;
        self
    }

    /// The same credit, attributed by a person, to a code or to an outlet only.
    pub fn by_hand(mut self, reference: Option<String>, decision: Decision) -> Self {
        self.decision = Some(decision);
        self.rule = Rule::Manual;
        self.reference = reference;
        self.suspense = None;
        self
    }

    /// The verdict as one sentence, in Vietnamese.
    pub fn vi(&self) -> &'static str {
        self.suspense.map_or(self.rule.vi(), SuspenseReason::vi)
    }

    /// The verdict as one sentence, in English.
    pub fn en(&self) -> &'static str {
        self.suspense.map_or(self.rule.en(), SuspenseReason::en)
    }

    /// The verdict as one stable word.
    pub fn word(&self) -> &'static str {
        self.suspense
            .map_or(self.rule.as_str(), SuspenseReason::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_stored_under_stable_words_and_reads_back() {
        let seen = Evidence {
            field: Field::Content,
            form: Form::AsWritten,
            reference: "TH7K2M9XQ4".into(),
        };
        let matched = Explanation::matched(
            Rule::ReferenceInText,
            "TH7K2M9XQ4".into(),
            vec![seen],
            Vec::new(),
        );
        let stored = serde_json::to_string(&matched).unwrap();
        assert_eq!(
            stored,
            r#"{"rule":"reference_in_text","reference":"TH7K2M9XQ4","evidence":[{"field":"content","form":"as_written","reference":"TH7K2M9XQ4"}],"rejected":[]}"#
        );
        let refused = matched.refused_for_account(SuspenseReason::OtherAccount);
        assert_eq!(refused.reference, None);
        assert_eq!(refused.word(), "other_account");
        assert_eq!(refused.rejected[0].why, RejectedWhy::OtherAccount);
        let stored = serde_json::to_string(&refused).unwrap();
        assert_eq!(
            serde_json::from_str::<Explanation>(&stored).unwrap(),
            refused
        );
    }
}
