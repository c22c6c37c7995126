//! What a spreadsheet would run, in the files that spreadsheets open.

use ahq_harness::Client;
use ahq_harness::text::files;

/// What each begins with is what makes a program for spreadsheets take a cell for more than text.
pub(super) const FORMULAS: [&str; 8] = [
    "=1+1",
    "=HYPERLINK(\"http://127.0.0.1:9/\"&A1,\"Open\")",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1,1)",
    "=1+1\",=2+2",
    "'=1+1",
];

/// What is wrong with the files of an edition whose every field is this formula.
pub(super) async fn faults(lead: &Client, edition: &str, formula: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let csv = lead.get(&format!("{edition}?format=csv")).await.expect(200);
    faults.extend(
        of_csv(&csv.text, formula)
            .into_iter()
            .map(|fault| format!("CSV, {formula}: {fault}")),
    );
    let workbook = lead.get(&format!("{edition}?format=xlsx")).await.expect(200);
    faults.extend(
        of_workbook(&workbook.bytes, formula)
            .into_iter()
            .map(|fault| format!("XLSX, {formula}: {fault}")),
    );
    faults
}

fn of_csv(text: &str, formula: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let mut met = false;
    for record in reader.records() {
        let record = record.expect("a row of CSV");
        for cell in &record {
            met |= cell.contains(formula);
            let would_run = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && cell.parse::<f64>().is_err();
            if would_run {
                faults.push(format!("the cell {cell:?}"));
            }
        }
    }
    if !met {
        faults.push("the formula is nowhere".to_owned());
    }
    faults
}

fn of_workbook(bytes: &[u8], formula: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let escaped = formula
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;");
    let plain = formula.replace('&', "&amp;");
    let mut met = false;
    for (name, part) in files(bytes) {
        for element in ["<f>", "<f ", "<f/", "t=\"str\"", "<ddeLink", "<oleLink", "<definedName"] {
            // The rows that are repeated when printing are a name with a plain range behind it.
            let rows = element == "<definedName" && !part.contains(&plain) && !part.contains(&escaped);
            if part.contains(element) && !rows {
                faults.push(format!("{name} has {element}"));
            }
        }
        if name.contains("externalLink") || name.contains("vba") {
            faults.push(format!("there is a part {name}"));
        }
        met |= part.contains(&plain) || part.contains(&escaped);
        // The text of a cell stands in a cell that says it is text.
        for cell in part.split("<c ").skip(1) {
            let cell = cell.split("</c>").next().unwrap_or_default();
            let (head, rest) = cell.split_once('>').unwrap_or((cell, ""));
            let typed = head.contains("t=\"s\"") || head.contains("t=\"inlineStr\"");
            let value = rest.strip_prefix("<v>").and_then(|rest| rest.split("</v>").next());
            if !typed && value.is_some_and(|value| value.parse::<f64>().is_err()) {
                faults.push(format!("{name} has an untyped cell: {cell}"));
            }
        }
    }
    if !met {
        faults.push("the formula is nowhere".to_owned());
    }
    faults
}
