//! Pieces of statements that the two databases say differently, usable wherever diesel takes its own: the filters in
//! any WHERE, boxed ones included, the locks and the insert around a whole statement.
//!
//! Each one asks the pass which database it writes for, and hands every value over as a bound parameter.

mod json;

pub use json::{
    AddresseesOfQuery, HoldsOfQuery, ListContains, ListContainsMember, ListContainsMemberWith, ListedUntil,
    NewestUntil, ObjectListContains, json_list_contains, json_list_contains_member, json_list_contains_member_with,
    json_object_list_contains, listed_until, newest_until,
};

use super::{AnyConnection, MultiBackend, fold};
use crate::StoreError;
use diesel::expression::expression_types::NotSelectable;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, InsertStatement, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, QuerySource, RunQueryDsl};

fn on_postgres(pass: &AstPass<'_, '_, MultiBackend>) -> bool {
    matches!(pass.backend(), MultiBackend::Postgres(_))
}

/// Lets a piece that holds one `column` stand wherever that column may.
macro_rules! filter {
    ($piece:ident) => {
        impl<C> Expression for $piece<C> {
            type SqlType = Bool;
        }
        impl<C: SelectableExpression<S>, S> SelectableExpression<S> for $piece<C> {}
        impl<C: AppearsOnTable<S>, S> AppearsOnTable<S> for $piece<C> {}
    };
}

use filter;

filter!(FoldedLike);

/// Rows whose text in `column` has `part` in it, capitals and small letters being one. It reads every row it is asked
/// about: for short lists, not for searching.
pub fn text_contains<C>(column: C, part: &str) -> FoldedLike<C>
where
    C: Expression<SqlType = Text>,
{
    FoldedLike {
        column,
        pattern: format!("%{}%", like_literal(part)),
    }
}

/// Made by [`text_contains`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct FoldedLike<C> {
    column: C,
    pattern: String,
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for FoldedLike<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        pass.push_sql(if on_postgres(&pass) { "(lower(" } else { "(ahq_fold(" });
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(") LIKE ");
        pass.push_bind_param::<Text, _>(&self.pattern)?;
        pass.push_sql(" ESCAPE '\\')");
        Ok(())
    }
}

/// A user's text folded, with what LIKE would read as a wildcard made plain.
fn like_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for letter in fold(text).chars() {
        if matches!(letter, '\\' | '%' | '_') {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal
}

/// `query`, with the rows it finds locked for a change until the transaction ends. Only inside `Store::write`.
///
/// On SQLite the one writer holds the only lock there is. The query names one table, without grouping or DISTINCT.
pub fn for_update<Q>(query: Q) -> Locked<Q> {
    Locked {
        query,
        clause: " FOR UPDATE",
    }
}

/// `query`, with the rows it finds kept from changing until the transaction ends, by others who share the lock too.
/// Otherwise as [`for_update`].
pub fn for_share<Q>(query: Q) -> Locked<Q> {
    Locked {
        query,
        clause: " FOR SHARE",
    }
}

/// `query`, with the rows it finds locked, passing over those another process holds: a worker's claim. The claim is then
/// written into the rows, in the same transaction. Otherwise as [`for_update`].
pub fn skip_locked<Q>(query: Q) -> Locked<Q> {
    Locked {
        query,
        clause: " FOR UPDATE SKIP LOCKED",
    }
}

/// Made by [`for_update`], [`for_share`] and [`skip_locked`].
#[derive(Debug, Clone, Copy)]
pub struct Locked<Q> {
    query: Q,
    clause: &'static str,
}

impl<Q: Query> Query for Locked<Q> {
    type SqlType = Q::SqlType;
}

/// The clause is no part of the type, so that prepared statements are told apart by their text.
impl<Q> QueryId for Locked<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Locked<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.query.walk_ast(pass.reborrow())?;
        if on_postgres(&pass) {
            pass.push_sql(self.clause);
        }
        Ok(())
    }
}

impl<Q, Conn> RunQueryDsl<Conn> for Locked<Q> {}

/// `statement`, doing nothing where a row with the same key is there already; its count says which it was. The
/// transaction stays whole, which on PostgreSQL a unique violation would end.
pub fn insert_or_ignore<T: QuerySource, V>(statement: InsertStatement<T, V>) -> OrIgnore<InsertStatement<T, V>> {
    OrIgnore { statement }
}

/// Made by [`insert_or_ignore`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct OrIgnore<S> {
    statement: S,
}

impl<S: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for OrIgnore<S> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.statement.walk_ast(pass.reborrow())?;
        pass.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }
}

impl<S, Conn> RunQueryDsl<Conn> for OrIgnore<S> {}

/// The text of `expression` with capitals and small letters being one, in the order of its characters' numbers on both
/// databases: for sorting and comparing.
pub fn folded<E>(expression: E) -> Folded<E>
where
    E: Expression<SqlType = Text>,
{
    Folded { expression }
}

/// Made by [`folded`].
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub struct Folded<E> {
    expression: E,
}

impl<E> Expression for Folded<E> {
    type SqlType = Text;
}
impl<E: SelectableExpression<S>, S> SelectableExpression<S> for Folded<E> {}
impl<E: AppearsOnTable<S>, S> AppearsOnTable<S> for Folded<E> {}

impl<E: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Folded<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let postgres = on_postgres(&pass);
        pass.push_sql(if postgres { "lower(" } else { "ahq_fold(" });
        self.expression.walk_ast(pass.reborrow())?;
        pass.push_sql(if postgres { ") COLLATE \"C\"" } else { ")" });
        Ok(())
    }
}

/// `expression` as a key to sort by, rows without a value last in both directions. Only in ORDER BY.
pub fn nulls_last<E: Expression>(expression: E, descending: bool) -> NullsLast<E> {
    NullsLast { expression, descending }
}

/// Made by [`nulls_last`].
#[derive(Debug, Clone, Copy, ValidGrouping)]
pub struct NullsLast<E> {
    expression: E,
    descending: bool,
}

impl<E> Expression for NullsLast<E> {
    type SqlType = NotSelectable;
}
impl<E: SelectableExpression<S>, S> SelectableExpression<S> for NullsLast<E> {}
impl<E: AppearsOnTable<S>, S> AppearsOnTable<S> for NullsLast<E> {}

/// The direction is no part of the type.
impl<E> QueryId for NullsLast<E> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for NullsLast<E> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.expression.walk_ast(pass.reborrow())?;
        pass.push_sql(if self.descending {
            " DESC NULLS LAST"
        } else {
            " ASC NULLS LAST"
        });
        Ok(())
    }
}

/// Makes those who lock the same `key` wait for each other until the transaction ends. On SQLite the one writer holds
/// the only lock there is.
///
/// # Errors
/// [`StoreError::Busy`] when it waited too long.
pub fn lock_until_commit(connection: &mut AnyConnection, key: i64) -> Result<(), StoreError> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(connection) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(key)
                .execute(connection)?;
            Ok(())
        }
    }
}
