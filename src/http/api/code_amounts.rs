//! What a request says about the amount of a code.

use crate::domain::code::{AmountLimits, AmountRule, AmountRuleName, CodeAmount};
use crate::domain::money::Vnd;
use crate::http::language::Text;
use crate::http::problem::{FieldError, Problem, at};

/// The three fields beside the name of the rule.
#[derive(Clone, Copy, Debug)]
pub struct AmountFields {
    /// The fixed or suggested amount, đồng.
    pub amount: Option<i64>,
    /// Of an open amount: the least, đồng.
    pub floor: Option<i64>,
    /// Of an open amount: the most, đồng.
    pub ceiling: Option<i64>,
}

impl AmountFields {
    /// The rule with this name; a field that it does not have is refused.
    pub fn rule(self, name: AmountRuleName) -> Result<AmountRule, Problem> {
        if name == AmountRuleName::Open {
            refuse(self.amount.is_some(), "/amount_vnd", name.as_str())?;
            let floor = read_amount(self.floor, "/floor_vnd")?;
            let ceiling = read_amount(self.ceiling, "/ceiling_vnd")?;
            let limits = AmountLimits::new(floor, ceiling).map_err(at("/floor_vnd"))?;
            return Ok(AmountRule::Open(limits));
        }
        refuse(self.floor.is_some(), "/floor_vnd", name.as_str())?;
        refuse(self.ceiling.is_some(), "/ceiling_vnd", name.as_str())?;
        let amount = self.amount()?;
        Ok(match name {
            AmountRuleName::Suggested => AmountRule::Suggested(amount),
            AmountRuleName::Fixed | AmountRuleName::Open => AmountRule::Fixed(amount),
        })
    }

    /// The amount, which is required.
    pub fn amount(self) -> Result<CodeAmount, Problem> {
        let amount = read_amount(self.amount, "/amount_vnd")?;
        amount.ok_or_else(|| missing("/amount_vnd"))
    }
}

/// Refuses a field that a code of this kind or rule does not have.
pub fn refuse(given: bool, pointer: &'static str, kind: &str) -> Result<(), Problem> {
    if !given {
        return Ok(());
    }
    let text = Text::new(
        format!("Mã loại {kind} không có trường này."),
        format!("A code of the kind {kind} does not have this field."),
    );
    Err(FieldError::new(pointer, "not_of_this_kind", text).into())
}

/// A field that is required.
pub fn missing(pointer: &'static str) -> Problem {
    let text = Text::new("Cần ghi trường này.", "This field is required.");
    FieldError::new(pointer, "required", text).into()
}

fn read_amount(amount: Option<i64>, pointer: &'static str) -> Result<Option<CodeAmount>, Problem> {
    let Some(amount) = amount else {
        return Ok(None);
    };
    let amount = Vnd::new(amount).map_err(at(pointer))?;
    Ok(Some(CodeAmount::new(amount).map_err(at(pointer))?))
}
