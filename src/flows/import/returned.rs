//! The bad rows as a file that goes back to whoever sent it, with what is wrong beside each.

use std::collections::HashMap;

use super::cells::FORMULA_STARTS;
use super::report::{Report, RowFault};
use super::sheet::{FAULT_COLUMN, Upload};
use crate::domain::text::key;

/// What makes a spreadsheet read a file as UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The bad rows as they stood in the file, with the column “Lỗi”; `None` when there is none.
/// Once corrected it can be imported as it is. A cell that a spreadsheet would run as a
/// formula begins with an apostrophe.
pub fn bad_rows(upload: &Upload, report: &Report) -> Option<Vec<u8>> {
    if report.faults.is_empty() {
        return None;
    }
    let mut faults: HashMap<u64, Vec<&RowFault>> = HashMap::new();
    for fault in &report.faults {
        faults.entry(fault.line).or_default().push(fault);
    }
    let old = upload
        .header
        .iter()
        .position(|name| key(name) == key(FAULT_COLUMN));
    let kept = |cells: &[String]| {
        let cells = cells.iter().enumerate();
        let cells = cells.filter(|(place, _)| Some(*place) != old);
        cells.map(|(_, cell)| safe(cell)).collect::<Vec<_>>()
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(upload.delimiter)
        .flexible(true)
        .from_writer(MARK.to_vec());
    let in_memory = "writing to memory does not fail";
    let mut header = kept(&upload.header);
    header.push(FAULT_COLUMN.to_owned());
    writer.write_record(header).expect(in_memory);
    for row in &upload.rows {
        if let Some(faults) = faults.get(&row.line) {
            let mut cells = kept(&row.cells);
            cells.resize(
                cells
                    .len()
                    .max(upload.header.len() - usize::from(old.is_some())),
                String::new(),
            );
            let told: Vec<String> = faults.iter().map(|fault| told(fault)).collect();
            cells.push(safe(&told.join(" | ")));
            writer.write_record(cells).expect(in_memory);
        }
    }
    Some(writer.into_inner().expect(in_memory))
}

fn told(fault: &RowFault) -> String {
    match &fault.column {
        Some(column) => format!("{column}: {}", fault.wanted.vietnamese),
        None => fault.wanted.vietnamese.clone(),
    }
}

fn safe(cell: &str) -> String {
    if cell.starts_with(FORMULA_STARTS) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::import::FileKind;
    use crate::flows::import::report::Wanted;

    fn fault(line: u64, column: Option<&str>) -> RowFault {
        RowFault {
            line,
            column: column.map(str::to_owned),
            code: "not_accepted",
            found: String::new(),
            wanted: Wanted::new("Sai", "wrong"),
        }
    }

    #[test]
    fn a_file_that_comes_back_a_second_time_has_one_column_of_faults() {
        let text = "kind;name;Lỗi;representative;tax_code;phone\n\
            a;=b;cũ;c;d;+e\n\
            f;g;cũ;h;i;j\n\
            k;l\n";
        let upload = Upload::read(FileKind::Merchants, text.as_bytes());
        let mut report = Report::of(&upload);
        assert_eq!(bad_rows(&upload, &report), None);
        report.note(vec![fault(2, Some("name")), fault(2, Some("phone"))]);
        report.note(vec![fault(4, None)]);
        let back = String::from_utf8(bad_rows(&upload, &report).unwrap()).unwrap();
        let wanted = "\u{FEFF}kind;name;representative;tax_code;phone;Lỗi\n\
            a;'=b;c;d;'+e;name: Sai | phone: Sai\n\
            k;l;;;;Sai\n";
        assert_eq!(back, wanted);
    }
}
