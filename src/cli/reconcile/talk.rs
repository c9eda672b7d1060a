//! What `phocho reconcile` says beside its report: what was wrong, where, what to do.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::cli::import::Lang;
use crate::domain::ids::StatementId;
use crate::domain::refusal::Refusal;
use crate::flows::change::ChangeError;
use crate::flows::reconcile::ReconcileError;
use crate::statements::Scope;

/// The named days are in the wrong order.
pub(super) const fn days_in_wrong_order(lang: Lang) -> &'static str {
    match lang {
        Lang::Vi => "--last-day sớm hơn --first-day",
        Lang::En => "--last-day is earlier than --first-day",
    }
}

/// The file cannot be opened, or not be read to its end.
pub(super) fn cannot_read(path: &Path, fault: &io::Error, lang: Lang) -> String {
    let shown = path.display();
    match (fault.kind(), lang) {
        (ErrorKind::NotFound, Lang::Vi) => format!("không có tệp {shown}"),
        (ErrorKind::NotFound, Lang::En) => format!("there is no file {shown}"),
        (ErrorKind::IsADirectory, Lang::Vi) => {
            format!("{shown} là thư mục: hãy nêu một tệp sao kê trong đó")
        }
        (ErrorKind::IsADirectory, Lang::En) => {
            format!("{shown} is a folder: name one statement in it")
        }
        (ErrorKind::PermissionDenied, Lang::Vi) => format!("không được phép đọc tệp {shown}"),
        (ErrorKind::PermissionDenied, Lang::En) => {
            format!("this user may not read the file {shown}")
        }
        (_, Lang::Vi) => format!("không đọc được tệp {shown}: {fault}"),
        (_, Lang::En) => format!("cannot read the file {shown}: {fault}"),
    }
}

/// No account goes by this name, or nobody approved it.
pub(super) fn no_account(name: &str, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!(
            "--account: không có tài khoản “{name}” đang được dùng; hãy ghi acc_…, hoặc sáu chữ \
             số của ngân hàng, dấu / và số tài khoản, ví dụ 970436/0011001234567"
        ),
        Lang::En => format!(
            "--account: there is no account “{name}” in use; write acc_…, or the bank's six \
             digits, a slash and the number, such as 970436/0011001234567"
        ),
    }
}

/// The file is not taken; why, the report says.
pub(super) fn nothing_imported(path: &Path, lang: Lang) -> String {
    let shown = path.display();
    match lang {
        Lang::Vi => format!("{shown}: chưa nhận gì"),
        Lang::En => format!("{shown}: nothing was imported"),
    }
}

/// What can be done about a refusal on this command line.
pub(super) fn advice(refusal: &ReconcileError, lang: Lang) -> Option<&'static str> {
    let [vi, en] = match refusal {
        ReconcileError::Faults(survey) => {
            let mut faults = survey.faults.iter();
            let lines_alone = faults.all(|fault| fault.reason.scope() == Scope::Line);
            if survey.lines == 0 || !lines_alone {
                return None;
            }
            [
                "sửa các dòng đó, hoặc thêm --good-lines để chỉ lấy các dòng đúng",
                "correct these lines, or add --good-lines to take the good ones alone",
            ]
        }
        ReconcileError::OtherAccount(_) => [
            "ghi tài khoản đó vào --account, hoặc chọn tệp của tài khoản đã nêu",
            "name that account with --account, or take the file of the one that was named",
        ],
        ReconcileError::NoPeriod => [
            "thêm --first-day và --last-day",
            "add --first-day and --last-day",
        ],
        ReconcileError::OutsidePeriod { .. } => [
            "bỏ --first-day và --last-day, hoặc nêu kỳ rộng hơn",
            "leave out --first-day and --last-day, or name more days",
        ],
        ReconcileError::Change(ChangeError::Refused(Refusal::FutureDay)) => [
            "tệp có ngày sau hôm nay: xem lại cột ngày của tệp và đồng hồ của máy này",
            "the file has a day after today: look at its dates and at this machine's clock",
        ],
        _ => return None,
    };
    Some(match lang {
        Lang::Vi => vi,
        Lang::En => en,
    })
}

/// How the lines that are missing here become money.
pub(super) fn believe_the_missing(id: StatementId, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!(
            "dòng thiếu bên ta chỉ thành tiền khi hai người xác nhận: POST /v1/statements/{id}/proposals"
        ),
        Lang::En => format!(
            "what is missing here becomes money when two persons say so: POST /v1/statements/{id}/proposals"
        ),
    }
}
