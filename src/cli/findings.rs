//! What a command that looks at the data found: one line for each thing, whether it is well,
//! and what puts it right.

use std::process::ExitCode;

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
    /// What to do, such as a command to type; nothing when it is well.
    pub fix: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            detail: detail.into(),
            fix: None,
        }
    }

    /// Something is to be done.
    pub fn bad(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for each.
    Lines,
    /// One JSON document.
    Json,
}

impl Form {
    /// JSON where `--json` was given.
    pub const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Lines }
    }
}

/// Prints findings to standard output; exit status 1 when one of them is bad.
pub fn show(findings: &[Finding], form: Form) -> anyhow::Result<ExitCode> {
    let ok = findings.iter().all(|finding| finding.ok);
    match form {
        Form::Json => {
            let document = serde_json::json!({"ok": ok, "checks": findings});
            println!("{}", serde_json::to_string_pretty(&document)?);
        }
        Form::Lines => {
            for finding in findings {
                let mark = if finding.ok { '✔' } else { '✖' };
                println!("{mark} {}: {}", finding.name, finding.detail);
                if let Some(fix) = &finding.fix {
                    println!("  → {fix}");
                }
            }
        }
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
