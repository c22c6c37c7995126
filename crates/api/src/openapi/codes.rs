//! The stable codes of refusals, which the document lists so that a client can tell them apart. What each says in words comes
//! with the reply, as its `detail`.

/// Codes of 403: seen, but not allowed.
pub(super) const FORBIDDEN: [&str; 19] = [
    "answering_office",
    "first_coordinator_only",
    "held",
    "link_only",
    "narrower_circle",
    "not_taking_part",
    "not_the_requester",
    "not_the_service_provider",
    "not_yet_compiled",
    "other_office",
    "public_only",
    "role_too_high",
    "role_too_low",
    "same_person",
    "second_factor_needed",
    "service_provider",
    "service_provider_only",
    "session_needed",
    "user_needed",
];

/// Codes of 409: not in this position.
pub(super) const CONFLICT: [&str; 59] = [
    "address_in_use",
    "already_accepted",
    "already_announced",
    "already_answered",
    "already_asked",
    "already_confirmed",
    "already_declined",
    "already_held",
    "already_joint",
    "already_lifted",
    "already_replied",
    "already_returned",
    "already_revoked",
    "already_sent",
    "already_signed",
    "already_submitted",
    "approval_by_another",
    "approval_not_asked",
    "approval_not_needed",
    "attachments_too_large",
    "closed_for_good",
    "declined",
    "held",
    "identity_in_use",
    "imported",
    "last_coordinator",
    "last_door",
    "never_public",
    "no_draft",
    "no_edition",
    "no_second_factor",
    "nobody_to_remind",
    "not_active",
    "not_addressed",
    "not_begun",
    "not_declined",
    "not_draft",
    "not_given_up",
    "not_invited",
    "not_open",
    "not_published",
    "not_ready",
    "not_returned",
    "not_submitted",
    "nothing_to_return",
    "password_too_weak",
    "reminded_today",
    "requester_first",
    "rotation_under_way",
    "second_factor_required",
    "second_factor_there",
    "stale_form",
    "too_long_for_format",
    "too_many_attachments",
    "too_many_contributions",
    "too_many_feeds",
    "too_many_tokens",
    "withdrawn",
    "wrong_status",
];

/// Them all as a sentence goes on: `a`, `b`.
pub(super) fn listed(codes: &[&str]) -> String {
    codes
        .iter()
        .map(|code| format!("`{code}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    /// The codes that the sources below `folder` refuse with by the function of this name.
    fn refused(folder: &Path, function: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                refused(&path, function, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let call = format!("Refusal::{function}(");
                let calls = text.split(&call).skip(1);
                let first = calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split_once('"'));
                found.extend(first.map(|(code, _)| code.to_owned()));
            }
        }
    }

    #[test]
    fn the_document_lists_what_the_rules_refuse_with() {
        for (function, listed) in [("forbidden", &super::FORBIDDEN[..]), ("conflict", &super::CONFLICT)] {
            let mut found = BTreeSet::new();
            for floor in ["domain", "exchange"] {
                let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(floor).join("src");
                refused(&sources, function, &mut found);
            }
            let listed: BTreeSet<String> = listed.iter().map(|code| (*code).to_owned()).collect();
            assert_eq!(found, listed, "{function}");
        }
    }
}
