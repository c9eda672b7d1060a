//! Who decides whether a fault that real codes show ends the reading.

use super::fault::Fault;

/// Collects the faults that a lenient reading puts up with; a strict one puts up with none.
///
/// One reading routine serves both, so whatever the strict reader accepts the lenient one
/// accepts with the same fields.
#[derive(Debug)]
pub struct Judge {
    forgiven: Option<Vec<Fault>>,
}

impl Judge {
    /// Refuses at the first fault.
    pub fn strict() -> Self {
        Self { forgiven: None }
    }

    /// Notes tolerable faults and goes on.
    pub fn lenient() -> Self {
        Self {
            forgiven: Some(Vec::new()),
        }
    }

    /// Reports a fault with which the meaning of the code is still certain.
    pub fn forgive(&mut self, fault: Fault) -> Result<(), Fault> {
        match &mut self.forgiven {
            None => Err(fault),
            Some(faults) => {
                faults.push(fault);
                Ok(())
            }
        }
    }

    /// What was put up with, in the order of the checks.
    pub fn into_forgiven(self) -> Vec<Fault> {
        self.forgiven.unwrap_or_default()
    }
}
