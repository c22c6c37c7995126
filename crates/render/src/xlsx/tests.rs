use std::io::Cursor;

use ahq_domain::comparison::Figure;
use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_xlsxwriter::Workbook;
use serde_json::json;

use super::measures;
use super::sheet::{Column, Sheet, Value};

fn read(rows: Vec<Vec<Value>>, heads: &[&str]) -> Vec<Vec<Data>> {
    let mut workbook = Workbook::new();
    let columns: Vec<Column> = heads.iter().map(|head| Column::new(head, 10.0)).collect();
    let mut sheet = Sheet::add(&mut workbook, "One", &columns).unwrap();
    for row in rows {
        sheet.row(row).unwrap();
    }
    sheet.finish().unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let mut read: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert!(read.worksheet_formula("One").unwrap().used_cells().next().is_none());
    read.worksheet_range("One")
        .unwrap()
        .rows()
        .map(<[Data]>::to_vec)
        .collect()
}

#[test]
fn texts_stay_texts_numbers_numbers_and_dates_dates() {
    let date = NaiveDate::from_ymd_opt(2026, 12, 4).unwrap();
    let rows = read(
        vec![vec![
            "=1+1".into(),
            "+32 2".into(),
            Value::Number(Decimal::new(125_050, 2)),
            Value::Date(date),
            "\u{7}\u{f0b7} 中文 🙂 <&>\"_x0007_".into(),
        ]],
        &["a", "b", "c", "d", "e"],
    );
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(rows[1][..3], [text("=1+1"), text("+32 2"), Data::Float(1250.5)]);
    let Data::DateTime(found) = rows[1][3] else {
        panic!("{:?}", rows[1][3]);
    };
    assert_eq!(found.as_datetime().unwrap().date(), date);
    assert_eq!(rows[1][4], text("\u{fffd}\u{2022} 中文 🙂 <&>\"_x0007_"));
}

#[test]
fn what_excel_cannot_hold_is_shown_another_way() {
    let early = NaiveDate::from_ymd_opt(1848, 3, 13).unwrap();
    let long = "🙂".repeat(20_000);
    let rows = read(
        vec![vec![Value::Date(early), long.into(), Value::Nothing]],
        &["Total", "total", "TOTAL (2)"],
    );
    let heads: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
    assert_eq!(heads, ["Total", "total (2)", "TOTAL (2) (2)"]);
    assert_eq!(rows[1][0], Data::String("1848-03-13".to_owned()));
    let Data::String(cut) = &rows[1][1] else {
        panic!("{:?}", rows[1][1]);
    };
    assert!(cut.ends_with("🙂 [goes on in the other formats]"));
    assert!(cut.encode_utf16().count() <= 32_767);
}

#[test]
fn heads_are_short_enough_and_differ() {
    let long = "é🙂".repeat(100);
    let heads = [long.as_str(), &long, "Total", "Total (2)", "Total", "total", &long];
    let rows = read(vec![], &heads);
    let heads: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
    let begin = format!("{}é…", "é🙂".repeat(66));
    let numbered = |number: usize| format!("{begin} ({number})");
    assert_eq!(
        heads,
        [
            begin.clone(),
            numbered(2),
            "Total".to_owned(),
            "Total (2)".to_owned(),
            "Total (3)".to_owned(),
            "total (4)".to_owned(),
            numbered(3),
        ]
    );
}

#[test]
fn a_sheet_without_rows_is_whole() {
    assert_eq!(read(vec![], &["a"])[0][0], Data::String("a".to_owned()));
}

#[test]
fn a_long_text_is_parted_between_its_lines_and_loses_none() {
    let line = "x".repeat(150);
    let text = vec![line.as_str(); 40].join("\n");
    let parts: Vec<String> = Value::from(text.as_str())
        .parted(110.0)
        .into_iter()
        .map(|part| match part {
            Value::Text(part) => part,
            _ => panic!("not a text"),
        })
        .collect();
    // Two lines of 15 points each, of 409 points.
    assert_eq!(
        parts.iter().map(|part| part.lines().count()).collect::<Vec<_>>(),
        [13, 13, 13, 1]
    );
    assert_eq!(parts.join("\n"), text);
    assert_eq!(Value::Number(Decimal::ONE).parted(110.0).len(), 1);
}

/// A figure, as frozen views have it.
fn figure(body: serde_json::Value) -> Figure {
    let figure = json!({"question": "q1", "answers": 2, "leftOut": 0, "instead": [], "body": body});
    serde_json::from_value(figure).unwrap()
}

#[test]
fn a_total_of_tables_names_who_gave_a_number_to_it() {
    let column = |id: &str| json!({"id": id, "title": id, "type": "number"});
    let table = |office: &str, cells: [&str; 2]| json!({"office": office, "rows": [{"title": "2025", "cells": cells}]});
    let given = figure(json!({
        "kind": "table",
        "columns": [column("girls"), column("boys")],
        "tables": [table("AT", ["1", "2"]), table("BE", ["", "3"])],
        "totals": [{"title": "2025", "cells": [{"total": "1", "offices": 1}, {"total": "5", "offices": 2}]}],
    }));
    let behind: Vec<(String, Vec<String>)> = measures(&given)
        .into_iter()
        .map(|measure| (measure.name, measure.offices.iter().map(ToString::to_string).collect()))
        .collect();
    let expected = [
        ("Total: 2025, girls", vec!["AT"]),
        ("Total: 2025, boys", vec!["AT", "BE"]),
    ];
    let expected = expected.map(|(name, offices)| {
        let offices = offices.into_iter().map(str::to_owned).collect();
        (name.to_owned(), offices)
    });
    assert_eq!(behind, expected);
}

#[test]
fn a_number_is_told_with_how_sure_it_is() {
    let number = |office: &str, flag: Option<&str>| json!({"office": office, "value": "4", "flag": flag});
    let given = figure(json!({
        "kind": "number", "unit": "persons", "period": "2025",
        "minimum": null, "median": null, "maximum": null, "total": null,
        "values": [number("AT", None), number("BE", Some("estimate")), number("BG", Some("provisional"))],
        "fewerThan": [number("CY", Some("estimate")), number("CZ", None)],
        "confidential": [],
    }));
    let names: Vec<String> = measures(&given).into_iter().map(|measure| measure.name).collect();
    assert_eq!(
        names,
        [
            "Value",
            "Value (estimate)",
            "Value (provisional)",
            "Fewer than (estimate)",
            "Fewer than",
        ]
    );
}
