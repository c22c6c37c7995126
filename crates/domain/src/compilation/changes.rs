//! What changed between two views of a compilation.

use super::{Shown, View, ViewResponse, ViewRow};
use crate::office::OfficeCode;

/// What changed from one view to a later one of the same circle, told from the two views alone, so that it says
/// nothing that their reader may not see.
pub fn changes(before: &View, after: &View) -> Vec<String> {
    let find = |view: &View, office: &OfficeCode| -> Option<ViewResponse> {
        view.responses
            .iter()
            .find(|response| response.office == *office)
            .cloned()
    };
    let mut changes = corrected(before, after);
    for response in &after.responses {
        match find(before, &response.office) {
            None if response.late => changes.push(format!("{}: new response, late", response.name)),
            None => changes.push(format!("{}: new response", response.name)),
            Some(earlier) => {
                let rows = |differ: &dyn Fn(&ViewRow, Option<&ViewRow>) -> bool| -> Option<String> {
                    let rows = response.rows.iter().enumerate();
                    let numbers: Vec<String> = rows
                        .filter(|(index, row)| differ(row, earlier.rows.get(*index)))
                        .map(|(index, _)| (index + 1).to_string())
                        .collect();
                    let word = if numbers.len() == 1 { "question" } else { "questions" };
                    (!numbers.is_empty()).then(|| format!("{word} {}", numbers.join(", ")))
                };
                let changed =
                    |row: &ViewRow, earlier: Option<&ViewRow>| !earlier.is_some_and(|earlier| answers_as(row, earlier));
                if let Some(numbers) = rows(&changed) {
                    changes.push(format!("{}: changed ({numbers})", response.name));
                }
                let goes_elsewhere = |row: &ViewRow, earlier: Option<&ViewRow>| {
                    earlier.is_some_and(|earlier| answers_as(row, earlier) && !goes_as_far_as(row, earlier))
                };
                if let Some(numbers) = rows(&goes_elsewhere) {
                    changes.push(format!("{}: dissemination changed ({numbers})", response.name));
                }
                let confirmed = |row: &ViewRow, earlier: Option<&ViewRow>| {
                    earlier.is_some_and(|earlier| {
                        earlier.earlier_wording && !row.earlier_wording && answers_as(row, earlier)
                    })
                };
                if let Some(numbers) = rows(&confirmed) {
                    changes.push(format!("{}: confirmed ({numbers})", response.name));
                }
            }
        }
    }
    for response in &before.responses {
        if find(after, &response.office).is_none() {
            changes.push(format!("{}: no longer included", response.name));
        }
    }
    changes
}

/// Whether two rows show the same, to whichever wording, and if that is an answer, however far it goes.
fn answers_as(one: &ViewRow, other: &ViewRow) -> bool {
    let answer = |row: &ViewRow| ViewRow {
        circle: None,
        wider_dissemination: String::new(),
        ground: None,
        earlier_wording: false,
        ..row.clone()
    };
    if one.shown == Shown::Answer {
        answer(one) == answer(other)
    } else {
        one == other
    }
}

/// Whether two answers go equally far, and on the same ground no further.
fn goes_as_far_as(one: &ViewRow, other: &ViewRow) -> bool {
    let reach = |row: &ViewRow| (row.circle, row.wider_dissemination.clone(), row.ground.clone());
    reach(one) == reach(other)
}

/// What was corrected of the query's own text.
fn corrected(before: &View, after: &View) -> Vec<String> {
    let mut corrected = Vec::new();
    if before.background != after.background {
        corrected.push("Background: wording corrected".to_owned());
    }
    for question in &after.questions {
        let earlier = before.questions.iter().find(|earlier| earlier.id == question.id);
        if earlier.is_some_and(|earlier| earlier.revision < question.revision) {
            corrected.push(format!("Question {}: wording corrected", question.number));
        }
    }
    corrected
}
