//! The column types both databases carry, each native to its database, with one Rust type a column.
//!
//! | here | SQLite | PostgreSQL | in Rust |
//! |---|---|---|---|
//! | [`sql::Id`] | `BLOB`, 16 bytes | `uuid` | [`Id`] |
//! | [`sql::Time`] | `TEXT`, RFC 3339 in UTC, 27 characters | `timestamptz` | [`Time`] |
//! | [`sql::Json`] | `TEXT` with `CHECK (json_valid(…))` | `jsonb`, or `json` where no statement looks inside | [`Json`], or [`JsonText`] unparsed |
//! | `diesel::sql_types::Date` | `TEXT`, ISO 8601 | `date` | `chrono::NaiveDate` |
//!
//! All of them order and compare in the database as they do in Rust. What must keep its exact bytes (what is hashed or
//! signed) belongs into a text or binary column: `jsonb` sorts keys and drops spaces, a `json` column has passed through one, and
//! neither `jsonb` nor `text` of PostgreSQL takes the character U+0000. `json` is read faster: it is text already.
//!
//! A schema names them so:
//! ```
//! diesel::table! {
//!     use ahq_store::column::sql::{Id, Json, Time};
//!     use diesel::sql_types::{Date, Nullable, Text};
//!
//!     letters (id) {
//!         id -> Id,
//!         sent_at -> Nullable<Time>,
//!         due -> Date,
//!         readers -> Json,
//!         subject -> Text,
//!     }
//! }
//! ```

use crate::connection::{MultiBackend, MultiRawValue};
use chrono::{DateTime, SubsecRound, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, Text, Timestamptz, Uuid as PgUuid};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::io::Write;
use uuid::Uuid;

/// The names a schema uses.
pub mod sql {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::{Interval, SqlType, ops};

    /// A moment, to the microsecond.
    #[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
    #[diesel(sqlite_type(name = "Text"))]
    #[diesel(postgres_type(oid = 1184, array_oid = 1185))]
    pub struct Time;

    // By its name alone `table!` takes this for a type one calculates with, and asks for these. No statement uses them:
    // what is added to a moment is decided in the domain.
    impl ops::Add for Time {
        type Rhs = Interval;
        type Output = Self;
    }

    impl ops::Sub for Time {
        type Rhs = Interval;
        type Output = Self;
    }

    /// An id of 16 bytes.
    #[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
    #[diesel(sqlite_type(name = "Binary"))]
    #[diesel(postgres_type(oid = 2950, array_oid = 2951))]
    pub struct Id;

    /// A JSON document.
    #[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
    #[diesel(sqlite_type(name = "Text"))]
    #[diesel(postgres_type(oid = 3802, array_oid = 3807))]
    pub struct Json;
}

impl HasSqlType<sql::Time> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<sql::Time>(lookup)
    }
}

impl HasSqlType<sql::Id> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<sql::Id>(lookup)
    }
}

impl HasSqlType<sql::Json> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<sql::Json>(lookup)
    }
}

/// A moment in UTC, to the microsecond, which is what PostgreSQL keeps; what is finer is cut off, so that a value read
/// is the value written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql::Time)]
pub struct Time(DateTime<Utc>);

impl From<DateTime<Utc>> for Time {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(6))
    }
}

impl From<Time> for DateTime<Utc> {
    fn from(time: Time) -> Self {
        time.0
    }
}

/// Years 0000 to 9999 take 27 characters; others would be longer and would not sort.
const TIME_TEXT: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";
const TIME_TEXT_LENGTH: usize = 27;

impl ToSql<sql::Time, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let text = self.0.format(TIME_TEXT).to_string();
        if text.len() != TIME_TEXT_LENGTH {
            return Err(format!("{text} is outside the years 0000 to 9999").into());
        }
        out.set_value(text);
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Time, Sqlite> for Time {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = value.read_text();
        let moment = DateTime::parse_from_rfc3339(text).map_err(|fault| format!("{text:?} is no time: {fault}"))?;
        Ok(Self(moment.to_utc()))
    }
}

impl ToSql<sql::Time, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <DateTime<Utc> as ToSql<Timestamptz, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<sql::Time, Pg> for Time {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<Timestamptz, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<sql::Time, MultiBackend> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((sql::Time, self));
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Time, MultiBackend> for Time {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, sql::Time>()
    }
}

/// An id as it stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql::Id)]
pub struct Id(Uuid);

impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl From<Id> for Uuid {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl ToSql<sql::Id, Sqlite> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Id, Sqlite> for Id {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Uuid::from_slice(value.read_blob())?))
    }
}

impl ToSql<sql::Id, Pg> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Uuid as ToSql<PgUuid, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<sql::Id, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<PgUuid, Pg>>::from_sql(value).map(Self)
    }
}

impl ToSql<sql::Id, MultiBackend> for Id {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((sql::Id, self));
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Id, MultiBackend> for Id {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, sql::Id>()
    }
}

/// A JSON column read into, and written from, a value. What does not parse is [`crate::StoreError::Corrupt`].
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql::Json)]
pub struct Json<T: Debug>(pub T);

impl<T: Serialize + Debug> ToSql<sql::Json, Sqlite> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + Debug> FromSql<sql::Json, Sqlite> for Json<T> {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(value.read_text())?))
    }
}

impl<T: Serialize + Debug> ToSql<sql::Json, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + Debug> FromSql<sql::Json, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(json_text(&value))?))
    }
}

impl<T: Serialize + Debug + Send + Sync + 'static> ToSql<sql::Json, MultiBackend> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((sql::Json, self));
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned + Debug> FromSql<sql::Json, MultiBackend> for Json<T> {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, sql::Json>()
    }
}

/// A JSON column's text, unparsed: for what goes into a reply as it is.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql::Json)]
pub struct JsonText(pub String);

impl ToSql<sql::Json, Sqlite> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Json, Sqlite> for JsonText {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<sql::Json, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(json_text(&value))?.to_owned()))
    }
}

impl ToSql<sql::Json, MultiBackend> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((sql::Json, self));
        Ok(IsNull::No)
    }
}

impl FromSql<sql::Json, MultiBackend> for JsonText {
    fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, sql::Json>()
    }
}

/// PostgreSQL puts this byte before a jsonb's text on the wire; before a json's it puts none.
const JSONB_VERSION: u8 = 1;

fn json_text<'a>(value: &PgValue<'a>) -> &'a [u8] {
    let bytes = value.as_bytes();
    bytes.strip_prefix(&[JSONB_VERSION]).unwrap_or(bytes)
}
