//! The tables as the migrations make them, for diesel. It holds no rule and no statement.
//!
//! Change it together with the migrations of both databases.

diesel::table! {
    use crate::column::sql::Json;
    use diesel::sql_types::{Date, Integer, Nullable, Text};

    offices (code) {
        code -> Text,
        kind -> Text,
        standing -> Text,
        name -> Text,
        own_name -> Text,
        former_names -> Json,
        protocol_order -> Nullable<Integer>,
        since -> Date,
        until -> Nullable<Date>,
        mailbox -> Text,
        in_text -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    topics (id) {
        id -> Text,
        name -> Text,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    attachments (id) {
        id -> Id,
        query_id -> Id,
        response_id -> Nullable<Id>,
        question -> Nullable<Text>,
        name -> Text,
        media_type -> Text,
        bytes -> BigInt,
        sha256 -> Text,
        added_at -> Time,
        added_by -> Nullable<Id>,
        submitted -> Bool,
        removed_at -> Nullable<Time>,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Text};

    holidays (office, date) {
        office -> Text,
        date -> Date,
        name -> Text,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};

    users (id) {
        id -> Id,
        version -> BigInt,
        office -> Text,
        name -> Text,
        email -> Text,
        email_key -> Text,
        grants -> Json,
        status -> Text,
        password_hash -> Nullable<Text>,
        seen_on -> Nullable<Date>,
        unused_told_on -> Nullable<Date>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::Text;

    invitations (secret_hash) {
        secret_hash -> Text,
        user_id -> Id,
        expires_at -> Time,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Bool, Integer, Nullable, Text};

    sessions (id) {
        id -> Id,
        user_id -> Id,
        seed -> Text,
        generation -> Integer,
        rotated_at -> Time,
        created_at -> Time,
        expires_at -> Time,
        ended_at -> Nullable<Time>,
        client -> Text,
        second_factor -> Bool,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Nullable, Text};

    account_links (secret_hash) {
        secret_hash -> Text,
        purpose -> Text,
        user_id -> Id,
        email -> Nullable<Text>,
        expires_at -> Time,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{BigInt, Nullable, Text};

    second_factors (user_id) {
        user_id -> Id,
        seed -> Text,
        confirmed_at -> Nullable<Time>,
        used_step -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Date, Nullable, Text};

    identities (id) {
        id -> Id,
        user_id -> Id,
        issuer -> Text,
        subject -> Text,
        linked_at -> Time,
        seen_on -> Nullable<Date>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Nullable, Text};

    authorizations (state_hash) {
        state_hash -> Text,
        binding_hash -> Text,
        provider -> Text,
        purpose -> Text,
        user_id -> Nullable<Id>,
        session_id -> Nullable<Id>,
        invitation_hash -> Nullable<Text>,
        expires_at -> Time,
        used_at -> Nullable<Time>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::column::sql::Id;
    use diesel::sql_types::Text;

    recovery_codes (user_id, code_hash) {
        user_id -> Id,
        code_hash -> Text,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Date, Integer, Nullable, Text};

    tokens (id) {
        id -> Id,
        office -> Text,
        user_id -> Nullable<Id>,
        name -> Text,
        scopes -> Json,
        secret_hash -> Text,
        made_at -> Time,
        made_by -> Id,
        last_day -> Date,
        used_on -> Nullable<Date>,
        revoked_at -> Nullable<Time>,
        warned_days -> Nullable<Integer>,
    }
}

diesel::table! {
    use crate::column::sql::Id;
    use diesel::sql_types::{BigInt, Date, Nullable, Text};

    user_lists (office) {
        office -> Text,
        confirmed_on -> Nullable<Date>,
        confirmed_by -> Nullable<Id>,
        asked_on -> Nullable<Date>,
        begun_on -> Nullable<Date>,
        confirmations -> BigInt,
    }
}

diesel::table! {
    use crate::column::sql::Time;
    use diesel::sql_types::{Integer, Text};

    throttles (key) {
        key -> Text,
        failures -> Integer,
        last_at -> Time,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    keys (name) {
        name -> Text,
        sealed -> Text,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};

    queries (id) {
        id -> Id,
        version -> BigInt,
        lead -> Text,
        joint -> Json,
        originator -> Nullable<Text>,
        title -> Text,
        never_public -> Bool,
        topics -> Json,
        keywords -> Json,
        default_circle -> Text,
        deadline -> Nullable<Date>,
        urgent_reason -> Nullable<Text>,
        number_year -> Nullable<Integer>,
        number_sequence -> Nullable<Integer>,
        launched_at -> Nullable<Time>,
        requested_on -> Nullable<Date>,
        ends_at -> Nullable<Time>,
        audience -> Nullable<Text>,
        extensions -> Json,
        closed_early -> Nullable<Json>,
        withdrawn -> Nullable<Json>,
        edition_number -> Nullable<Integer>,
        edition_at -> Nullable<Time>,
        publications -> Json,
        published_from -> Nullable<Time>,
        mailed_at -> Nullable<Time>,
        imported -> Nullable<Json>,
        created_at -> Time,
        changed_at -> Time,
        background -> Nullable<Text>,
        public_background -> Nullable<Text>,
        questions -> Json,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Bool, Date, Nullable, Text};

    addressees (query_id, office) {
        query_id -> Id,
        office -> Text,
        standing -> Text,
        expected -> Bool,
        told_at -> Time,
        agreed_on -> Nullable<Date>,
        agreed_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

    responses (id) {
        id -> Id,
        query_id -> Id,
        office -> Text,
        version -> BigInt,
        status -> Text,
        last_version -> Integer,
        submitted_at -> Nullable<Time>,
        first_submitted_at -> Nullable<Time>,
        late -> Bool,
        position_at -> Nullable<Time>,
        reason -> Nullable<Text>,
        circles -> Json,
        draft_version -> BigInt,
        in_part -> Bool,
        approval_asked_at -> Nullable<Time>,
        approval_asked_by -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{BigInt, Nullable, Text};

    draft_answers (response_id, question) {
        response_id -> Id,
        question -> Text,
        version -> BigInt,
        answer -> Json,
        changed_at -> Time,
        changed_by -> Nullable<Id>,
        contributed_by -> Nullable<Text>,
        contributed_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Integer, Nullable};

    response_versions (response_id, number) {
        response_id -> Id,
        number -> Integer,
        submitted_at -> Time,
        submitted_by -> Nullable<Id>,
        answers -> Json,
        confirmed -> Nullable<Json>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::Integer;

    editions (id) {
        id -> Id,
        query_id -> Id,
        number -> Integer,
        made_at -> Time,
        composition -> Json,
        declined -> Json,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Integer, Nullable, Text};

    edition_views (edition_id, circle) {
        edition_id -> Id,
        circle -> Text,
        sha256 -> Text,
        body -> Text,
        replaced_by -> Nullable<Integer>,
        body_sha256 -> Nullable<Text>,
        erased_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::Time;
    use diesel::sql_types::{Binary, Text};

    documents (view_sha256, summary_sha256, form) {
        view_sha256 -> Text,
        summary_sha256 -> Text,
        form -> Text,
        bytes -> Binary,
        made_at -> Time,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{BigInt, Nullable, Text};

    summaries (edition_id, circle) {
        edition_id -> Id,
        circle -> Text,
        version -> BigInt,
        background -> Text,
        respondents -> Text,
        findings -> Text,
        signed_at -> Nullable<Time>,
        signed_by -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Nullable, Text};

    audit_events (id) {
        id -> Id,
        at -> Time,
        user_id -> Nullable<Id>,
        office -> Nullable<Text>,
        action -> Text,
        subject -> Text,
        facts -> Json,
    }
}

diesel::table! {
    use crate::column::sql::Id;
    use diesel::sql_types::{BigInt, Text};

    audit_seals (number) {
        number -> BigInt,
        event_id -> Id,
        hash -> Text,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Integer, Nullable, Text};

    outbox (id) {
        id -> Id,
        kind -> Text,
        query_id -> Nullable<Id>,
        office -> Text,
        user_id -> Nullable<Id>,
        facts -> Json,
        created_at -> Time,
        due_at -> Time,
        status -> Text,
        attempts -> Integer,
        lease -> Integer,
        settled_at -> Nullable<Time>,
        fault -> Nullable<Text>,
        wanted_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::{Json, Time};
    use diesel::sql_types::{Nullable, Text};

    replays (caller, method, path, key) {
        caller -> Text,
        method -> Text,
        path -> Text,
        key -> Text,
        body_hash -> Text,
        reply -> Nullable<Json>,
        created_at -> Time,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Integer, Nullable};

    exports (id) {
        id -> Id,
        user_id -> Id,
        asked_at -> Time,
        wanted -> Json,
        entries -> Json,
        due_at -> Time,
        lease -> Integer,
        done -> Integer,
        finished_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Integer, Nullable, Text};

    erasures (id) {
        id -> Id,
        query_id -> Id,
        office -> Nullable<Text>,
        question -> Nullable<Text>,
        edition -> Nullable<Integer>,
        written_order -> Text,
        asked_at -> Time,
        asked_by -> Id,
        confirmed_at -> Nullable<Time>,
        confirmed_by -> Nullable<Id>,
        withdrawn_at -> Nullable<Time>,
        withdrawn_by -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Nullable, Text};

    holds (id) {
        id -> Id,
        query_id -> Id,
        office -> Nullable<Text>,
        question -> Nullable<Text>,
        editions -> Nullable<Json>,
        reason -> Text,
        placed_at -> Time,
        placed_by -> Text,
        lifted_at -> Nullable<Time>,
        lifted_by -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Date, Nullable, Text};

    extension_requests (id) {
        id -> Id,
        query_id -> Id,
        office -> Text,
        proposed -> Date,
        reason -> Text,
        asked_at -> Time,
        answered_at -> Nullable<Time>,
        outcome -> Nullable<Text>,
        granted -> Nullable<Date>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Date, Nullable, Text};

    reminders (query_id, office, deadline, step) {
        query_id -> Id,
        office -> Text,
        deadline -> Date,
        step -> Text,
        at -> Time,
        message_id -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::column::sql::Time;
    use diesel::sql_types::{Date, Text};

    mailings (recipient, kind) {
        recipient -> Text,
        kind -> Text,
        day -> Date,
        through -> Time,
    }
}

diesel::table! {
    use crate::column::sql::Id;
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};

    notifications (user_id) {
        user_id -> Id,
        version -> BigInt,
        mail -> Text,
        weekly -> Bool,
        quarterly -> Bool,
        absent_from -> Nullable<Date>,
        absent_until -> Nullable<Date>,
        deputy -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Date, Text};

    suppressions (user_id) {
        user_id -> Id,
        email -> Text,
        reason -> Text,
        since -> Time,
        until -> Date,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Nullable, Text};

    calendar_feeds (id) {
        id -> Id,
        office -> Text,
        secret_hash -> Text,
        made_at -> Time,
        made_by -> Id,
        read_at -> Nullable<Time>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{Nullable, Text};

    corrections (id) {
        id -> Id,
        query_id -> Id,
        at -> Time,
        reason -> Text,
        background -> Nullable<Json>,
        questions -> Json,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};

    office_settings (office) {
        office -> Text,
        version -> BigInt,
        approval -> Bool,
        second_factor -> Bool,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Time};
    use diesel::sql_types::{Nullable, Text};

    clarifications (id) {
        id -> Id,
        query_id -> Id,
        office -> Text,
        question -> Nullable<Text>,
        text -> Text,
        asked_at -> Time,
        replied_at -> Nullable<Time>,
        replied_by -> Nullable<Text>,
        reply -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::column::sql::{Id, Json, Time};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};

    contributions (id) {
        id -> Id,
        query_id -> Id,
        office -> Text,
        version -> BigInt,
        secret_hash -> Text,
        email -> Text,
        name -> Nullable<Text>,
        questions -> Json,
        reply_by -> Date,
        note -> Nullable<Text>,
        asked_at -> Time,
        asked_by -> Nullable<Id>,
        message_id -> Id,
        returned_at -> Nullable<Time>,
        declined_at -> Nullable<Time>,
        reason -> Nullable<Text>,
        revoked_at -> Nullable<Time>,
        answers -> Json,
    }
}

diesel::joinable!(audit_seals -> audit_events (event_id));
diesel::joinable!(addressees -> offices (office));
diesel::joinable!(addressees -> queries (query_id));
diesel::joinable!(attachments -> queries (query_id));
diesel::joinable!(attachments -> responses (response_id));
diesel::joinable!(calendar_feeds -> offices (office));
diesel::joinable!(calendar_feeds -> users (made_by));
diesel::joinable!(clarifications -> queries (query_id));
diesel::joinable!(contributions -> queries (query_id));
diesel::joinable!(corrections -> queries (query_id));
diesel::joinable!(draft_answers -> responses (response_id));
diesel::joinable!(edition_views -> editions (edition_id));
diesel::joinable!(editions -> queries (query_id));
diesel::joinable!(extension_requests -> queries (query_id));
diesel::joinable!(erasures -> queries (query_id));
diesel::joinable!(holds -> queries (query_id));
diesel::joinable!(holidays -> offices (office));
diesel::joinable!(invitations -> users (user_id));
diesel::joinable!(office_settings -> offices (office));
diesel::joinable!(outbox -> queries (query_id));
diesel::joinable!(queries -> offices (lead));
diesel::joinable!(reminders -> queries (query_id));
diesel::joinable!(response_versions -> responses (response_id));
diesel::joinable!(responses -> offices (office));
diesel::joinable!(responses -> queries (query_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(summaries -> editions (edition_id));
diesel::joinable!(tokens -> offices (office));
diesel::joinable!(users -> offices (office));

diesel::allow_tables_to_appear_in_same_query!(
    account_links,
    addressees,
    attachments,
    audit_events,
    audit_seals,
    authorizations,
    calendar_feeds,
    clarifications,
    contributions,
    corrections,
    documents,
    draft_answers,
    edition_views,
    editions,
    erasures,
    exports,
    extension_requests,
    holds,
    holidays,
    identities,
    invitations,
    keys,
    mailings,
    notifications,
    office_settings,
    offices,
    outbox,
    queries,
    reminders,
    replays,
    response_versions,
    responses,
    recovery_codes,
    second_factors,
    sessions,
    summaries,
    suppressions,
    throttles,
    tokens,
    topics,
    user_lists,
    users,
);
