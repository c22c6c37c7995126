//! Filters on JSON columns.

use super::{filter, on_postgres};
use crate::column::{Json, Time, sql};
use crate::connection::MultiBackend;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use std::collections::BTreeMap;

filter!(ListContains);
filter!(ListContainsMember);
filter!(ListContainsMemberWith);
filter!(ObjectListContains);

/// Lets the rows of another table come with the row they belong to, as a text of JSON: a list of lists.
macro_rules! rows_as_json {
    ($(#[$meta:meta])* $name:ident { sqlite: $sqlite:literal, postgres: $postgres:literal $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub struct $name;

        impl Expression for $name {
            type SqlType = Text;
        }
        impl<S> SelectableExpression<S> for $name {}
        impl<S> AppearsOnTable<S> for $name {}

        impl QueryFragment<Sqlite> for $name {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                pass.push_sql($sqlite);
                Ok(())
            }
        }

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                pass.push_sql($postgres);
                Ok(())
            }
        }
    };
}

rows_as_json! {
    /// The addressees of a row of `queries`, by office: office, standing, 1 where an answer is expected, when it was
    /// told, the date agreed with it, when it was.
    AddresseesOfQuery {
        sqlite: "(SELECT json_group_array(json_array(office, standing, expected, told_at, agreed_on, agreed_at)) FROM \
            (SELECT * FROM addressees WHERE query_id = queries.id ORDER BY office))",
        postgres: "(SELECT coalesce(json_agg(json_build_array(office, standing, expected::integer, told_at, agreed_on, \
            agreed_at) \
            ORDER BY office), '[]')::text FROM addressees WHERE query_id = queries.id)",
    }
}

rows_as_json! {
    /// The holds of a row of `queries`, in the order they were placed: id, office, question, numbers of editions, reason, when
    /// and by which office it was placed, when and by which it was lifted.
    HoldsOfQuery {
        sqlite: "(SELECT json_group_array(json_array(hex(id), office, question, json(editions), reason, placed_at, \
            placed_by, lifted_at, lifted_by)) FROM \
            (SELECT * FROM holds WHERE query_id = queries.id ORDER BY placed_at, id))",
        postgres: "(SELECT coalesce(json_agg(json_build_array(id, office, question, editions, reason, placed_at, \
            placed_by, lifted_at, lifted_by) \
            ORDER BY placed_at, id), '[]')::text FROM holds WHERE query_id = queries.id)",
    }
}

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

/// Rows whose JSON list in `column` has among its members an object that says `value`, a string, under `key`, and
/// something that is not null under `present`.
pub fn json_list_contains_member_with<C>(
    column: C,
    key: &'static str,
    value: impl Into<String>,
    present: &'static str,
) -> ListContainsMemberWith<C>
where
    C: Expression<SqlType = sql::Json>,
{
    let value = value.into();
    ListContainsMemberWith {
        column,
        path: format!("$[*] ? (@.{key} == $value && @.{present} != null)"),
        variables: Json(BTreeMap::from([("value", value.clone())])),
        key,
        value,
        present,
    }
}

/// Made by [`json_list_contains_member_with`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct ListContainsMemberWith<C> {
    column: C,
    path: String,
    variables: Json<BTreeMap<&'static str, String>>,
    key: &'static str,
    value: String,
    present: &'static str,
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ListContainsMemberWith<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if on_postgres(&pass) {
            pass.push_sql("jsonb_path_exists(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(", (");
            pass.push_bind_param::<Text, _>(&self.path)?;
            pass.push_sql(")::jsonpath, ");
            pass.push_bind_param::<sql::Json, _>(&self.variables)?;
            pass.push_sql(")");
        } else {
            pass.push_sql("EXISTS (SELECT 1 FROM json_each(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(") WHERE CASE json_each.type WHEN 'object' THEN json_each.value ->> ");
            pass.push_bind_param::<Text, _>(self.key)?;
            pass.push_sql(" = ");
            pass.push_bind_param::<Text, _>(&self.value)?;
            pass.push_sql(" AND json_each.value ->> ");
            pass.push_bind_param::<Text, _>(self.present)?;
            pass.push_sql(" IS NOT NULL ELSE 0 END)");
        }
        Ok(())
    }
}

/// Rows whose JSON object in `column` has under `key` a list with the string `value` among its members.
pub fn json_object_list_contains<C>(column: C, key: &'static str, value: impl Into<String>) -> ObjectListContains<C>
where
    C: Expression<SqlType = Nullable<sql::Json>>,
{
    let value = value.into();
    ObjectListContains {
        column,
        pattern: Json(BTreeMap::from([(key, [value.clone()])])),
        path: format!("$.{key}"),
        value,
    }
}

/// Made by [`json_object_list_contains`].
#[derive(Debug, Clone, QueryId, ValidGrouping)]
pub struct ObjectListContains<C> {
    column: C,
    pattern: Json<BTreeMap<&'static str, [String; 1]>>,
    path: String,
    value: String,
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for ObjectListContains<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if on_postgres(&pass) {
            pass.push_sql("coalesce(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(" @> ");
            pass.push_bind_param::<sql::Json, _>(&self.pattern)?;
            pass.push_sql(", false)");
        } else {
            pass.push_sql("EXISTS (SELECT 1 FROM json_each(");
            self.column.walk_ast(pass.reborrow())?;
            pass.push_sql(", ");
            pass.push_bind_param::<Text, _>(&self.path)?;
            pass.push_sql(") WHERE json_each.value = ");
            pass.push_bind_param::<Text, _>(&self.value)?;
            pass.push_sql(")");
        }
        Ok(())
    }
}

/// Rows whose JSON list in `list` has an object with the value of `number` under `number` and a moment not after
/// `until` under `from`.
pub fn listed_until<L, N>(list: L, number: N, until: impl Into<Time>) -> ListedUntil<L, N>
where
    L: Expression<SqlType = sql::Json>,
    N: Expression<SqlType = Integer>,
{
    ListedUntil {
        list,
        number,
        until: until.into(),
    }
}

/// Made by [`listed_until`].
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub struct ListedUntil<L, N> {
    list: L,
    number: N,
    until: Time,
}

impl<L, N> Expression for ListedUntil<L, N> {
    type SqlType = Bool;
}
impl<L: SelectableExpression<S>, N: SelectableExpression<S>, S> SelectableExpression<S> for ListedUntil<L, N> {}
impl<L: AppearsOnTable<S>, N: AppearsOnTable<S>, S> AppearsOnTable<S> for ListedUntil<L, N> {}

impl<L, N> QueryFragment<MultiBackend> for ListedUntil<L, N>
where
    L: QueryFragment<MultiBackend>,
    N: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let postgres = on_postgres(&pass);
        pass.push_sql("EXISTS (SELECT 1");
        from_list(&self.list, pass.reborrow())?;
        pass.push_sql(if postgres {
            " WHERE (listed.value ->> 'number')::integer = "
        } else {
            " WHERE listed.value ->> 'number' = "
        });
        self.number.walk_ast(pass.reborrow())?;
        pass.push_sql(" AND ");
        pass.push_sql(moment(postgres));
        pass.push_sql(" <= ");
        pass.push_bind_param::<sql::Time, _>(&self.until)?;
        pass.push_sql(")");
        Ok(())
    }
}

/// The newest moment not after `until` that an object of the JSON list in `list` has under `from`; NULL where none has.
pub fn newest_until<L>(list: L, until: impl Into<Time>) -> NewestUntil<L>
where
    L: Expression<SqlType = sql::Json>,
{
    NewestUntil {
        list,
        until: until.into(),
    }
}

/// Made by [`newest_until`].
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub struct NewestUntil<L> {
    list: L,
    until: Time,
}

impl<L> Expression for NewestUntil<L> {
    type SqlType = Nullable<sql::Time>;
}
impl<L: SelectableExpression<S>, S> SelectableExpression<S> for NewestUntil<L> {}
impl<L: AppearsOnTable<S>, S> AppearsOnTable<S> for NewestUntil<L> {}

impl<L: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for NewestUntil<L> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let moment = moment(on_postgres(&pass));
        pass.push_sql("(SELECT max(");
        pass.push_sql(moment);
        pass.push_sql(")");
        from_list(&self.list, pass.reborrow())?;
        pass.push_sql(" WHERE ");
        pass.push_sql(moment);
        pass.push_sql(" <= ");
        pass.push_bind_param::<sql::Time, _>(&self.until)?;
        pass.push_sql(")");
        Ok(())
    }
}

/// The objects of a JSON list as rows `listed`.
fn from_list<'b, L: QueryFragment<MultiBackend>>(
    list: &'b L,
    mut pass: AstPass<'_, 'b, MultiBackend>,
) -> QueryResult<()> {
    let postgres = on_postgres(&pass);
    pass.push_sql(if postgres {
        " FROM jsonb_array_elements("
    } else {
        " FROM json_each("
    });
    list.walk_ast(pass.reborrow())?;
    pass.push_sql(if postgres { ") listed(value)" } else { ") listed" });
    Ok(())
}

/// What such a row has under `from`, to be compared with a moment.
fn moment(postgres: bool) -> &'static str {
    if postgres {
        "(listed.value ->> 'from')::timestamptz"
    } else {
        // JSON leaves out noughts at the end of a second's fraction; a column, and so a bound moment, has all six digits.
        "substr(rtrim(listed.value ->> 'from', 'Z') \
          || iif(instr(listed.value ->> 'from', '.'), '', '.') || '000000', 1, 26) || 'Z'"
    }
}
