//! Pieces of statements that the two databases say differently, usable wherever diesel takes its own: the filters in
//! any WHERE, boxed ones included, the locks and the insert around a whole statement.
//!
//! Each one asks the pass which database it writes for, and hands every value over as a bound parameter.

use super::{MultiBackend, fold};
use crate::column::{Json, sql};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, InsertStatement, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, QuerySource, RunQueryDsl};
use std::collections::BTreeMap;

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

filter!(ListContains);
filter!(ListContainsMember);
filter!(FoldedLike);

/// Rows whose JSON list in `column` has the string `value` among its members.
///
/// On PostgreSQL an index `USING gin (column jsonb_path_ops)` serves it.
pub fn json_list_contains<C>(column: C, value: impl Into<String>) -> ListContains<C>
where
    C: Expression<SqlType = sql::Json>,
{
    let value = value.into();
    ListContains {
        column,
        pattern: Json([value.clone()]),
        value,
    }
}

/// Made by [`json_list_contains`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct ListContains<C> {
    column: C,
    pattern: Json<[String; 1]>,
    value: String,
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ListContains<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if on_postgres(&pass) {
            pass.push_sql("(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(" @> ");
            pass.push_bind_param::<sql::Json, _>(&self.pattern)?;
        } else {
            pass.push_sql("EXISTS (SELECT 1 FROM json_each(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(") WHERE json_each.value = ");
            pass.push_bind_param::<Text, _>(&self.value)?;
        }
        pass.push_sql(")");
        Ok(())
    }
}

/// Rows whose JSON list in `column` has among its members an object that says `value`, a string, under `key`.
///
/// On PostgreSQL an index `USING gin (column jsonb_path_ops)` serves it.
pub fn json_list_contains_member<C>(
    column: C,
    key: impl Into<String>,
    value: impl Into<String>,
) -> ListContainsMember<C>
where
    C: Expression<SqlType = sql::Json>,
{
    let (key, value) = (key.into(), value.into());
    ListContainsMember {
        column,
        pattern: Json([BTreeMap::from([(key.clone(), value.clone())])]),
        key,
        value,
    }
}

/// Made by [`json_list_contains_member`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct ListContainsMember<C> {
    column: C,
    pattern: Json<[BTreeMap<String, String>; 1]>,
    key: String,
    value: String,
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ListContainsMember<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if on_postgres(&pass) {
            pass.push_sql("(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(" @> ");
            pass.push_bind_param::<sql::Json, _>(&self.pattern)?;
        } else {
            pass.push_sql("EXISTS (SELECT 1 FROM json_each(");
            self.column.walk_ast(pass.reborrow())?;
            // A member that is no object has no keys; asking it for one would be an error.
            pass.push_sql(") WHERE CASE json_each.type WHEN 'object' THEN json_each.value ->> ");
            pass.push_bind_param::<Text, _>(&self.key)?;
            pass.push_sql(" = ");
            pass.push_bind_param::<Text, _>(&self.value)?;
            pass.push_sql(" ELSE 0 END");
        }
        pass.push_sql(")");
        Ok(())
    }
}

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

/// Rows whose text in `column` begins with `start`, capitals and small letters being one.
pub fn text_starts_with<C>(column: C, start: &str) -> FoldedLike<C>
where
    C: Expression<SqlType = Text>,
{
    FoldedLike {
        column,
        pattern: format!("{}%", like_literal(start)),
    }
}

/// Made by [`text_contains`] and [`text_starts_with`].
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
